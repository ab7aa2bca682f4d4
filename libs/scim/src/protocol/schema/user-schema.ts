import type { AttributeDefinition, SchemaDefinition } from './definitions.js';
import { attribute, plural } from './define.js';
import { USER_URN } from './urns.js';

const NAME: AttributeDefinition = attribute('name', "The parts of the person's name.", {
  type: 'complex',
  subAttributes: [
    attribute('formatted', 'Full name with all parts, as it is written.'),
    attribute('familyName', 'Last name.'),
    attribute('givenName', 'First name.'),
    attribute('middleName', 'Further given names.'),
    attribute('honorificPrefix', 'Title in front of the name, e.g. "Dr.".'),
    attribute('honorificSuffix', 'Addition behind the name, e.g. "III".'),
  ],
});

const EMAILS: AttributeDefinition = attribute('emails', 'E-mail addresses of the person.', {
  type: 'complex',
  multiValued: true,
  subAttributes: plural(attribute('value', 'The e-mail address.'), ['work', 'home', 'other']),
});

const PHONE_NUMBERS: AttributeDefinition = attribute('phoneNumbers', 'Telephone numbers, kept as sent.', {
  type: 'complex',
  multiValued: true,
  subAttributes: plural(attribute('value', 'The number.'), [
    'work',
    'home',
    'mobile',
    'fax',
    'pager',
    'other',
  ]),
});

const IMS: AttributeDefinition = attribute('ims', 'Instant messaging addresses.', {
  type: 'complex',
  multiValued: true,
  subAttributes: plural(attribute('value', 'The messaging address.'), [
    'aim',
    'gtalk',
    'icq',
    'xmpp',
    'msn',
    'skype',
    'qq',
    'yahoo',
  ]),
});

const PHOTOS: AttributeDefinition = attribute('photos', 'Addresses of pictures of the person.', {
  type: 'complex',
  multiValued: true,
  subAttributes: plural(
    attribute('value', 'URL of the picture.', { type: 'reference', referenceTypes: ['external'] }),
    ['photo', 'thumbnail'],
  ),
});

const ADDRESSES: AttributeDefinition = attribute('addresses', 'Postal addresses.', {
  type: 'complex',
  multiValued: true,
  subAttributes: [
    attribute('formatted', 'The whole address as printed on a letter; may contain line breaks.'),
    attribute('streetAddress', 'Street, house number and the like; may contain line breaks.'),
    attribute('locality', 'City or town.'),
    attribute('region', 'State, province or region.'),
    attribute('postalCode', 'Postal code.'),
    attribute('country', 'Country, as an ISO 3166-1 alpha-2 code.'),
    attribute('type', 'What the address is used for.', { canonicalValues: ['work', 'home', 'other'] }),
    attribute('primary', 'True for the preferred address.', { type: 'boolean' }),
  ],
});

const GROUPS: AttributeDefinition = attribute(
  'groups',
  'Groups the person belongs to; changed through groups.',
  {
    type: 'complex',
    multiValued: true,
    mutability: 'readOnly',
    subAttributes: [
      // The value is an `id`, and ids are case-exact (RFC 7643 3.1).
      attribute('value', 'Id of the group.', { caseExact: true, mutability: 'readOnly' }),
      attribute('$ref', 'Address of the group.', {
        type: 'reference',
        referenceTypes: ['User', 'Group'],
        mutability: 'readOnly',
      }),
      attribute('display', 'Name of the group.', { mutability: 'readOnly' }),
      attribute('type', 'Whether the membership is direct.', {
        canonicalValues: ['direct', 'indirect'],
        mutability: 'readOnly',
      }),
    ],
  },
);

const CERTIFICATES: AttributeDefinition = attribute(
  'x509Certificates',
  'Certificates issued to the person.',
  {
    type: 'complex',
    multiValued: true,
    subAttributes: plural(attribute('value', 'The DER certificate in base64.', { type: 'binary' })),
  },
);

/** The core User schema (RFC 7643 4.1 and 8.7.1). */
export const USER_SCHEMA: SchemaDefinition = {
  id: USER_URN,
  name: 'User',
  description: 'A person with an account',
  attributes: [
    attribute('userName', 'Unique name the person signs in with, compared without regard to case.', {
      required: true,
      uniqueness: 'server',
    }),
    NAME,
    attribute('displayName', 'Name shown to others.'),
    attribute('nickName', 'Casual name.'),
    attribute('profileUrl', "Address of the person's profile page.", {
      type: 'reference',
      referenceTypes: ['external'],
    }),
    attribute('title', 'Job title.'),
    attribute('userType', 'Relation to the organization, e.g. "Employee" or "Contractor".'),
    attribute('preferredLanguage', 'Preferred languages in the form of Accept-Language.'),
    attribute('locale', 'Language tag for formatting dates and numbers, e.g. "en-US".'),
    attribute('timezone', 'Time zone of the IANA database, e.g. "Europe/Berlin".'),
    attribute('active', 'False when the account is deactivated; the resource stays.', { type: 'boolean' }),
    attribute('password', 'Accepted and discarded; this server keeps no passwords.', {
      caseExact: true,
      mutability: 'writeOnly',
      returned: 'never',
    }),
    EMAILS,
    PHONE_NUMBERS,
    IMS,
    PHOTOS,
    ADDRESSES,
    GROUPS,
    attribute('entitlements', 'Things the person is entitled to.', {
      type: 'complex',
      multiValued: true,
      subAttributes: plural(attribute('value', 'The entitlement.')),
    }),
    attribute('roles', 'Roles of the person.', {
      type: 'complex',
      multiValued: true,
      subAttributes: plural(attribute('value', 'The role.')),
    }),
    CERTIFICATES,
  ],
};
