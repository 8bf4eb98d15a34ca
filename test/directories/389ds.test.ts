/** 389 Directory Server, the real server: the tests that every directory must pass, users and groups over SCIM, and client certificates. */
import { runBindingTests } from './bindings';
import { testProduct } from './product';
import { runScimTests } from './scim';

testProduct('389 Directory Server', '389ds', (server) => {
  runScimTests(server, { disabledBinds: false });
  runBindingTests(server, {
    'SASL EXTERNAL with a client certificate': ({ clientCertificate }) => ({
      binding: 'TLS',
      certificate: { client: { file: clientCertificate.file, keyFile: clientCertificate.keyFile } },
    }),
    'SASL EXTERNAL over LDAPS': ({ clientCertificate, tlsPort }) => ({
      binding: 'SSL',
      port: tlsPort,
      certificate: { client: { file: clientCertificate.file, keyFile: clientCertificate.keyFile } },
    }),
  });
});
