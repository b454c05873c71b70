import type { ProjectScope } from '../stores/scope.ts';

/** Who asks, as the auth hook found out. */
export type Principal =
  | { kind: 'public' }
  /** A signed link: may do what it says, in the project it names. */
  | { kind: 'link'; scope: ProjectScope }
  | { kind: 'projectKey'; keyId: string; publicKey: string; organizationId: string; scope: ProjectScope }
  /** `Bearer <public key>`: may only send scores. */
  | { kind: 'browserKey'; keyId: string; publicKey: string; organizationId: string; scope: ProjectScope }
  | { kind: 'organizationKey'; keyId: string; publicKey: string; organizationId: string }
  | { kind: 'person'; userId: string; sessionId: string; scope: ProjectScope | null };
