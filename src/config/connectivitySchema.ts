/** The `connectivity` of a connector file: where the directory is, and who the connector is there. */
import { z } from 'zod';

/** A reference to a secret. */
export const secret = z
  .string()
  .min(1)
  .describe(
    'A reference: `env:NAME` (environment variable), `file:PATH` (first line of a file, relative to this file) or `enc:…` (sealed).',
  );

const port = z.number().int().min(1).max(65535);

/** Page *Connectivity*. */
export const connectivity = z.strictObject({
  product: z
    .string()
    .default('auto')
    .describe('`auto`, a name from the table of products, or `memory`: the embedded directory.'),
  host: z
    .string()
    .min(1)
    .optional()
    .describe('Host name or address of the directory server, or a Unix socket: `ldapi:///run/slapd/ldapi`.'),
  hosts: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Several servers, `name` or `name:port`, tried in order.'),
  port: port.optional().describe('389, or 636 with SSL.'),
  connectionTimeout: z
    .number()
    .positive()
    .default(180)
    .describe('Seconds for the first connection, which reads the schema.'),
  operationTimeout: z.number().positive().default(30).describe('Seconds for every later operation.'),
  tlsMinimum: z.enum(['1.2', '1.3']).default('1.2'),
  binding: z
    .string()
    .superRefine((binding, context) => {
      if (!['Anonymous', 'Basic', 'SSL', 'TLS', 'Kerberos'].includes(binding)) {
        context.addIssue({ code: 'custom', message: bindingFault(binding) });
      }
    })
    .default('Basic')
    .describe('`Anonymous`, `Basic` (simple bind), `SSL` (LDAPS), `TLS` (StartTLS) or `Kerberos` (SASL GSSAPI).'),
  userName: z.string().min(1).optional().describe('A DN, user@domain or DOMAIN\\login, as the server takes it.'),
  password: secret.optional(),
  certificate: z
    .strictObject({
      ca: z
        .string()
        .optional()
        .describe('PEM file of the authority that signed the server certificate, relative to this file.'),
      thumbprint: z.string().optional().describe('SHA-256 of the server certificate in hex: pins it instead of a CA.'),
      serverName: z.string().optional().describe('The name to check in the certificate when it is not the host name.'),
      client: z
        .strictObject({
          file: z.string().min(1).describe('PEM file of the certificate, relative to this file.'),
          keyFile: z.string().min(1).describe('PEM file of its key.'),
          passphrase: secret.optional().describe('Of the key, where it is encrypted.'),
        })
        .optional()
        .describe(
          'A certificate that the connector shows. Without a user name it is how the connector binds (SASL EXTERNAL).',
        ),
    })
    .default({}),
  kerberos: z
    .strictObject({
      security: z
        .enum(['TLS', 'SSL', 'none'])
        .default('TLS')
        .describe('Over which connection: StartTLS, LDAPS, or clear text, which shows all that follows the bind.'),
      keytab: z
        .string()
        .min(1)
        .optional()
        .describe('File of the key of the user name, relative to this file; it takes the place of a password.'),
    })
    .optional()
    .describe('Only with binding `Kerberos`. Without keytab and password: the ticket that `KRB5CCNAME` names.'),
  attributeAliases: z
    .array(z.string())
    .default([])
    .describe('Descriptions with options, e.g. `userCertificate;binary`.'),
  includeOperationalAttributes: z.boolean().default(false),
  includeExtensibleAttributes: z.boolean().default(false),
  allowManualAnchorSelection: z.boolean().default(false).describe('Allows an anchor beside the product’s proposals.'),
});

const { shape } = connectivity;

/** What a partition may have of its own; the rest is the connector's. */
export const partitionConnectivity = z
  .strictObject({
    host: shape.host,
    hosts: shape.hosts,
    port: shape.port,
    connectionTimeout: shape.connectionTimeout.unwrap().optional(),
    operationTimeout: shape.operationTimeout.unwrap().optional(),
    tlsMinimum: shape.tlsMinimum.unwrap().optional(),
    binding: shape.binding.unwrap().optional(),
    userName: shape.userName,
    password: shape.password,
    certificate: shape.certificate.unwrap().optional(),
    kerberos: shape.kerberos,
  })
  .describe(
    'The server of this partition, where it is another one: `host` or `hosts`, `port`, `binding`, `userName`, `password`, `certificate`, `kerberos`, `tlsMinimum` and timeouts as in `connectivity`, whose values hold for what is left out. A server is named with its port, a user name with its password.',
  );

function bindingFault(binding: string): string {
  if (/^ssl ?v?3/i.test(binding)) return 'SSL 3.0 is broken and not supported: choose SSL, which is TLS 1.2 or later';
  if (/^ntlm$/i.test(binding)) return 'NTLM is not supported: choose SSL or TLS with a user name and a password';
  return `"${binding}" is no binding: choose Anonymous, Basic, SSL (LDAPS), TLS (StartTLS) or Kerberos`;
}
