import { Role } from '@tracehouse/contract/roles';
import { SCIM_PATH, scimUrns } from '@tracehouse/contract/scim';

/*
 * What clients ask first: what our SCIM can do, and of which attributes a user consists. Texts and order are upstream's (S9.6);
 * what it does not have stands behind.
 */

const described = (name: string, description: string) => ({ name, multiValued: false, description, required: false });
const kept = { mutability: 'readWrite', returned: 'default', uniqueness: 'none' } as const;
const given = { ...kept, mutability: 'readOnly' } as const;

const text = (name: string, description: string, more: object = {}) => ({
  ...described(name, description),
  type: 'string',
  caseExact: false,
  ...kept,
  ...more,
});
const flag = (name: string, description: string) => ({ ...described(name, description), type: 'boolean', ...kept });
const time = (name: string, description: string) => ({ ...described(name, description), type: 'dateTime', ...given });
const complex = (name: string, description: string, subAttributes: object[], more: object = {}) => ({
  ...described(name, description),
  type: 'complex',
  subAttributes,
  ...kept,
  ...more,
});

const roleNames = { canonicalValues: Role.options };

const userSchema = {
  id: scimUrns.user,
  name: 'User',
  description: 'User Account',
  attributes: [
    text('id', 'Unique identifier for the User', {
      required: true,
      caseExact: true,
      mutability: 'readOnly',
      returned: 'always',
      uniqueness: 'server',
    }),
    text('userName', 'Unique identifier for the User, typically the email address', {
      required: true,
      returned: 'always',
      uniqueness: 'server',
    }),
    complex('name', "The components of the user's name", [
      text('formatted', "The user's full name"),
      text('givenName', 'The given name'),
      text('familyName', 'The family name'),
    ]),
    complex(
      'emails',
      'Email addresses for the user',
      [
        text('value', 'Email address value'),
        flag('primary', 'Primary email indicator'),
        text('type', 'Email type (work, home, other)'),
      ],
      { multiValued: true },
    ),
    complex(
      'meta',
      'Resource metadata',
      [
        text('resourceType', 'The resource type', { caseExact: true, mutability: 'readOnly' }),
        time('created', 'The resource creation time'),
        time('lastModified', 'The resource last modification time'),
        {
          ...text('location', 'The address of the resource', { caseExact: true, mutability: 'readOnly' }),
          type: 'reference',
          referenceTypes: ['uri'],
        },
        text('version', 'Not given', { caseExact: true, mutability: 'readOnly' }),
      ],
      given,
    ),
    text('displayName', 'The name to show'),
    text('externalId', 'What the client calls the User; else the subject of the linked account', { caseExact: true }),
    flag('active', 'Whether the User is a member of the organization'),
    complex(
      'roles',
      'The role in the organization, NONE left out; of several the first counts',
      [text('value', 'The role', { canonicalValues: Role.options.filter((role) => role !== 'NONE') })],
      { multiValued: true },
    ),
  ],
};

const roleSchema = {
  id: scimUrns.role,
  name: 'Role',
  description: 'What the User may do in the organization',
  attributes: [text('orgRole', 'The role in the organization', roleNames)],
};

const groupSchema = {
  id: scimUrns.group,
  name: 'Group',
  description: 'A role of the organization',
  attributes: [
    text('displayName', 'The role', { required: true, mutability: 'readOnly', uniqueness: 'server', ...roleNames }),
    complex(
      'members',
      'Who has the role',
      [
        text('value', 'id of the User', { caseExact: true, mutability: 'immutable' }),
        text('display', 'userName of the User', { mutability: 'readOnly' }),
      ],
      { multiValued: true },
    ),
  ],
};

export const schemas = [userSchema, roleSchema, groupSchema].map((schema) => ({
  schemas: [scimUrns.schema],
  ...schema,
  meta: { resourceType: 'Schema', location: `${SCIM_PATH}/Schemas/${schema.id}` },
}));

/** Groups are not announced: who reads this list expects to make and remove what is in it, and roles are fixed. */
export const resourceTypes = [
  {
    schemas: [scimUrns.resourceType],
    id: 'User',
    name: 'User',
    endpoint: `${SCIM_PATH}/Users`,
    description: 'User Account',
    schema: scimUrns.user,
    schemaExtensions: [{ schema: scimUrns.role, required: false }],
    meta: { resourceType: 'ResourceType', location: `${SCIM_PATH}/ResourceTypes/User` },
  },
];

export const serviceProviderConfiguration = {
  schemas: [scimUrns.configuration],
  documentationUri: 'https://langfuse.com/docs/administration/scim-and-org-api',
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: 100 },
  changePassword: { supported: false },
  sort: { supported: false },
  etag: { supported: false },
  authenticationSchemes: [
    {
      name: 'Basic Authentication',
      description: 'Authentication via HTTP Basic Auth',
      specUri: 'https://tools.ietf.org/html/rfc2617',
      type: 'httpbasic',
      primary: true,
    },
  ],
  meta: { resourceType: 'ServiceProviderConfig', location: `${SCIM_PATH}/ServiceProviderConfig` },
};
