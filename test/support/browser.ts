/** A page as an admin's browser shows it. */
export interface SeenPage {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The address in the browser, with whatever the vendor has put into it. */
  readonly url: string;
}

/** Opens the link to a vendor's consent page at its fake, and goes where that sends the browser. */
export async function consentAt(fakeUrl: string, authorizationUrl: string): Promise<SeenPage> {
  const location = await visitConsentPage(fakeUrl, authorizationUrl);
  if (location === null) throw new Error('the vendor sent nobody back');
  return open(location);
}

/** Where the consent page sends the browser; null when it shows an error of its own. */
export async function visitConsentPage(fakeUrl: string, authorizationUrl: string): Promise<string | null> {
  const { origin } = new URL(authorizationUrl);
  const answer = await fetch(authorizationUrl.replace(origin, fakeUrl), { redirect: 'manual' });
  await answer.arrayBuffer();
  return answer.headers.get('location');
}

export async function open(url: string): Promise<SeenPage> {
  const answer = await fetch(url, { redirect: 'manual' });
  return { status: answer.status, headers: answer.headers, text: await answer.text(), url };
}
