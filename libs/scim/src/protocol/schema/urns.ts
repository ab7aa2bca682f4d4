/** Core User schema (RFC 7643 4.1). */
export const USER_URN = 'urn:ietf:params:scim:schemas:core:2.0:User';
/** Core Group schema (RFC 7643 4.2). */
export const GROUP_URN = 'urn:ietf:params:scim:schemas:core:2.0:Group';
/** Enterprise extension of User (RFC 7643 4.3). */
export const ENTERPRISE_USER_URN = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
/** Schema of a schema (RFC 7643 7). */
export const SCHEMA_URN = 'urn:ietf:params:scim:schemas:core:2.0:Schema';
/** Schema of a resource type (RFC 7643 6). */
export const RESOURCE_TYPE_URN = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType';
/** Schema of the service provider configuration (RFC 7643 5). */
export const SERVICE_PROVIDER_CONFIG_URN = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig';

/** Message schemas (RFC 7644 8.2). */
export const LIST_RESPONSE_URN = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
export const SEARCH_REQUEST_URN = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
export const PATCH_OP_URN = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const ERROR_URN = 'urn:ietf:params:scim:api:messages:2.0:Error';
export const BULK_REQUEST_URN = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
export const BULK_RESPONSE_URN = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';
