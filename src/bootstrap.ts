import { API_SCOPES, type Environments } from '#directory';

/** The environment that exists from the start. */
export const DEFAULT_ENVIRONMENT_ID = 'environment_default';

/**
 * Makes sure that the default environment exists and that somebody can use it: the configured key gets all scopes;
 * without one, and when the environment has no live key yet, one is made and returned to be shown once.
 */
export async function bootstrap(
  environments: Environments,
  configuredKey: string | undefined,
): Promise<{ readonly generatedApiKey: string | undefined }> {
  await environments.ensure(DEFAULT_ENVIRONMENT_ID, 'default');
  if (configuredKey === undefined) {
    const keys = await environments.listApiKeys(DEFAULT_ENVIRONMENT_ID);
    if (keys.length > 0) return { generatedApiKey: undefined };
  }
  const { key } = await environments.createApiKey(DEFAULT_ENVIRONMENT_ID, {
    name: 'bootstrap',
    scopes: API_SCOPES,
    ...(configuredKey === undefined ? {} : { secret: configuredKey }),
  });
  return { generatedApiKey: configuredKey === undefined ? key : undefined };
}
