import { ConnectorRegistry, readConnectors } from './registry.js';

/** Loaded once, when the module is; a broken folder stops the start. */
export const installedConnectors = new ConnectorRegistry(await readConnectors(new URL('.', import.meta.url)));
