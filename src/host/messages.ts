/** The classes of an application's requests and responses, for the server that listens for it. */
import { IncomingMessage, type ServerOptions, ServerResponse } from 'node:http';
import type { Express } from 'express';

/** What a server makes its requests and responses of. */
export type Messages = Required<Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'>>;

/**
 * Express puts every message under prototypes of its own when it arrives. An object whose prototype is replaced is slow
 * for everybody who touches it from then on, Node.js itself above all. Messages of these classes have the application's
 * prototypes from the beginning, so that there is nothing to replace. To be called once for an application.
 */
export function messagesOf(app: Express): Messages {
  class AppRequest extends IncomingMessage {}
  class AppResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {}
  app.request = Object.setPrototypeOf(AppRequest.prototype, app.request);
  app.response = Object.setPrototypeOf(AppResponse.prototype, app.response);
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse };
}
