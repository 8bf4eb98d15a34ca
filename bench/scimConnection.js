/**
 * One kept-alive HTTPS connection with one request at a time. Node's own client costs about as much as the host that is
 * measured; this one only knows what the host answers: a status line and a Content-Length.
 */

const tls = require('node:tls');

const END_OF_HEAD = Buffer.from('\r\n\r\n');

class ScimConnection {
  #socket;
  #pending = Buffer.alloc(0);
  #waiting;

  static open(port) {
    const connection = new ScimConnection();
    return new Promise((resolve, reject) => {
      // The certificate was made by the host a second ago, for this run only.
      const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => resolve(connection));
      socket.setNoDelay(true);
      socket.on('data', (bytes) => connection.#take(bytes));
      socket.on('error', reject);
      socket.on('close', () => connection.#waiting?.reject(new Error('The host has closed the connection')));
      connection.#socket = socket;
    });
  }

  /** Sends the text of a request and answers its status and body. */
  send(text) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(text);
    });
  }

  close() {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #take(bytes) {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const head = this.#pending.indexOf(END_OF_HEAD);
    if (head < 0) return;
    const text = this.#pending.latin1Slice(0, head);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
    const end = head + END_OF_HEAD.length + length;
    if (this.#pending.length < end) return;
    const body = this.#pending.utf8Slice(head + END_OF_HEAD.length, end);
    this.#pending = this.#pending.subarray(end);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ status: Number(text.slice(9, 12)), body });
  }
}

/** The text of a request to a connector. */
function requestText(method, connector, path, token, body) {
  const content = body === undefined ? undefined : JSON.stringify(body);
  return [
    `${method} ${connector === undefined ? '' : `/ecma2host_${connector}/scim`}${path} HTTP/1.1`,
    'Host: localhost',
    `Authorization: Bearer ${token}`,
    'Accept: application/scim+json',
    ...(content === undefined
      ? []
      : ['Content-Type: application/scim+json', `Content-Length: ${Buffer.byteLength(content)}`]),
    '',
    content ?? '',
  ].join('\r\n');
}

module.exports = { ScimConnection, requestText };
