/** Where every vendor's consent page sends people back to; operators register it with their applications. */
export function consentRedirectUri(publicUrl: string): string {
  return `${publicUrl}/connections/oauth/callback`;
}
