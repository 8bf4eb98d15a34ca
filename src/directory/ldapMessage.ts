/** What goes over a connection and comes back: requests of the library, results and what is told before them. */
import type {
  AddRequest,
  BindRequest,
  Control,
  DeleteRequest,
  ExtendedRequest,
  ModifyDNRequest,
  ModifyRequest,
  SearchRequest,
} from 'ldapts';
import type { BerCursor } from './ber';

/** A request that is answered by a result. */
export type LdapRequest =
  | AddRequest
  | BindRequest
  | DeleteRequest
  | ExtendedRequest
  | ModifyDNRequest
  | ModifyRequest
  | SearchRequest;

/** LDAPResult (RFC 4511 §4.1.9) with its response controls. */
export interface LdapResult {
  readonly status: number;
  readonly errorMessage: string;
  readonly controls?: readonly Control[];
  /** Where the server refers to, with result code 10. */
  readonly referral?: readonly string[];
  /** Of an extended operation, where it is text. */
  readonly value?: string | undefined;
}

type Take = (cursor: BerCursor) => void;

/** Who takes what comes before the result of a request; the cursor stands before it. */
export interface Receivers {
  /** SearchResultEntry (RFC 4511 §4.5.2). */
  readonly entry?: Take;
  /** SearchResultReference (§4.5.3). */
  readonly reference?: Take;
  /** IntermediateResponse (§4.13). */
  readonly info?: Take;
}
