export { createAddressPolicy, type AddressPolicy } from './address-policy.js';
export {
  AddressNotAllowedError,
  bareHost,
  guardedLookup,
  resolveChecked,
  type AddressGuard,
} from './address-guard.js';
export { CachingNameResolver, NameResolutionError, type NameResolver } from './name-resolver.js';
