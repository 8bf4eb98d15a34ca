/** SearchRequest (RFC 4511 §4.5.1) for the library's envelope, with a selection of attributes that was encoded before. */
import { type BerWriter, type Control, SearchRequest as LdaptsSearchRequest } from 'ldapts';
import { encodedSelection } from './attributeSelection';
import type { SearchRequest } from './directory';
import { WireFilter } from './wireFilter';

const SCOPES = { base: 0, one: 1, sub: 2 } as const;
const NEVER_DEREFERENCE = 0;
const SEQUENCE = 0x30;

/** A search without a time limit of its own. */
export class SearchMessage extends LdaptsSearchRequest {
  readonly #request: SearchRequest;
  readonly #selection: readonly string[];

  /** @param selection the attributes wanted, where those of the request are none */
  constructor(request: SearchRequest, selection: readonly string[], controls: Control[], sizeLimit: number) {
    const filter = new WireFilter(request.filter);
    super({ messageId: 0, baseDN: request.base.toString(), scope: request.scope, filter, sizeLimit, controls });
    this.#request = request;
    this.#selection = selection;
  }

  override writeMessage(writer: BerWriter): void {
    writer.writeString(this.baseDN);
    writer.writeEnumeration(SCOPES[this.#request.scope]);
    writer.writeEnumeration(NEVER_DEREFERENCE);
    writer.writeInt(this.sizeLimit);
    writer.writeInt(0);
    writer.writeBoolean(false);
    this.filter.write(writer);
    writer.writeBuffer(encodedSelection(this.#selection), SEQUENCE);
  }
}
