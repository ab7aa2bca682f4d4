import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [Address, number];

/** Decides by number, never by spelling, which addresses we connect to. */
export interface AddressPolicy {
  /** `secure`: the connection is TLS. Plain HTTP goes to allow-listed addresses only. */
  isAllowed(address: string, secure: boolean): boolean;
}

/** All that is handed out of IPv6; outside of it ipaddr.js calls some things unicast, `::7f00:1` (127.0.0.1) too. */
const GLOBAL_IPV6: Range = ipaddr.parseCIDR('2000::/3');

/** Globally routable but not public: the host agent that every Azure machine sees. */
const NEVER_PUBLIC: readonly Range[] = [ipaddr.parseCIDR('168.63.129.16/32')];

/**
 * @param allow comma-separated CIDRs of the operator, for internal receivers.
 * @throws Error naming the part that is no CIDR.
 */
export function createAddressPolicy(allow: string): AddressPolicy {
  const ranges = allow
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseRange);
  return {
    isAllowed: (text, secure) => {
      const address = parseAddress(text);
      if (address === undefined) return false;
      if (ranges.some((range) => contains(range, address))) return true;
      return secure && isPublic(address);
    },
  };
}

/**
 * `unicast` is what ipaddr.js calls ordinary public space. Everything that only wraps another address (IPv4-mapped and
 * -compatible, NAT64, 6to4, Teredo) has a range of its own and is refused with it.
 */
function isPublic(address: Address): boolean {
  if (address.kind() === 'ipv6' && !contains(GLOBAL_IPV6, address)) return false;
  return address.range() === 'unicast' && !NEVER_PUBLIC.some((range) => contains(range, address));
}

/** The allow list also matches an IPv4 address in its mapped spelling, which is how some sockets report their peer. */
function contains([network, bits]: Range, address: Address): boolean {
  const plain = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? unmap(address) : address;
  if (plain.kind() !== network.kind()) return false;
  return plain.match(network, bits);
}

/** ipaddr.js also calls `::a.b.c.d` mapped, but only `::ffff:a.b.c.d` reaches the IPv4 address. */
function unmap(address: ipaddr.IPv6): Address {
  return address.parts[5] === 0xffff ? address.toIPv4Address() : address;
}

function parseAddress(text: string): Address | undefined {
  const bare = text.startsWith('[') ? text.slice(1, -1) : text;
  return ipaddr.isValid(bare) ? ipaddr.parse(bare) : undefined;
}

function parseRange(text: string): Range {
  try {
    return text.includes('/') ? ipaddr.parseCIDR(text) : wholeAddress(text);
  } catch (cause) {
    throw new Error(`"${text}" is not a network such as 10.0.0.0/8 or fd00::/8`, { cause });
  }
}

function wholeAddress(text: string): Range {
  const address = ipaddr.parse(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
