/**
 * A link of an answer as an absolute address: vendors may write it relative to the request (RFC 3986, 5; RFC 8288, 3.1;
 * OData 4.01 JSON, 4.5). What is no address at all stays as it is, and is refused when it is followed.
 */
export function absoluteLink(link: string, answer: { readonly url: string }): string {
  return URL.canParse(link, answer.url) ? new URL(link, answer.url).href : link;
}
