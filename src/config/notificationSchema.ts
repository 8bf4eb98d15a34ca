/** What files say of notifications: whom the host tells, and whom a connector tells besides. */
import { z } from 'zod';

/** One mailbox, without a display name: whatever else stands there could become further recipients. */
export const mailAddress = z
  .string()
  .regex(/^[^\s,;:<>()"@]{1,64}@[^\s,;:<>()"@]{1,255}$/, 'a mail address such as ops@example.com');

/** The `notifications` of a connector file. */
export const connectorNotifications = z
  .strictObject({
    to: z
      .array(mailAddress)
      .default([])
      .describe('Told of this connector’s failures, besides the addresses in `mail.to` of the host file.'),
    completedRuns: z
      .boolean()
      .optional()
      .describe('Whether runs that ended well are told of too; absent: as the host file has it.'),
    createdAccount: z
      .array(z.union([z.literal('user'), mailAddress], 'mail addresses, or "user" for the account’s own'))
      .min(1)
      .optional()
      .describe(
        'Who gets the password that the connector has made up for a new account (`password.initial` is `random`): mail addresses, and `user` for the address of the account itself. Absent: nobody.',
      ),
  })
  .describe('Who is told what happens; how is said in the host file.');

/** The parts of a host file: how mail is sent, which web hook is called, and when. Every value is also a flag. */
export const hostNotifications = {
  mail: z
    .strictObject({
      server: z.string().min(1).describe('The SMTP server that takes the host’s mail; absent: no mail is sent.'),
      port: z
        .number()
        .int()
        .min(1)
        .max(65535)
        .describe('Its port; absent: 465 with `tls`, 587 with `startTls`, else 25.'),
      security: z
        .enum(['startTls', 'tls', 'none'])
        .describe('`startTls` (required, never merely tried), `tls` from the first octet, or `none`.'),
      userName: z.string().min(1).describe('The account at the SMTP server; absent: none.'),
      password: z.string().min(1).describe('Its password: `env:NAME`, `file:PATH` or `enc:…`.'),
      from: mailAddress.describe('The sender.'),
      to: z.string().min(1).describe('Who is told of everything: mail addresses with commas between them.'),
      ca: z.string().min(1).describe('PEM file of the authority that signed the SMTP server’s certificate.'),
    })
    .partial()
    .describe('Notifications by mail.'),
  webhook: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/ })
        .describe('A URL that gets a POST with JSON for each notification; absent: none is called.'),
      token: z.string().min(1).describe('Sent as bearer token: `env:NAME`, `file:PATH` or `enc:…`.'),
      ca: z.string().min(1).describe('PEM file of the authority that signed its certificate.'),
    })
    .partial()
    .describe('Notifications by web hook.'),
  notifications: z
    .strictObject({
      unreachableAfter: z
        .number()
        .min(0)
        .max(1440)
        .describe('Minutes that a directory has to be unreachable before it is told.'),
      completedRuns: z.boolean().describe('Whether full imports that ended well are told of too.'),
      templates: z.string().min(1).describe('Folder of templates that replace the built-in ones.'),
      retention: z.number().min(1).max(3650).describe('Days that the log of sent notifications reaches back.'),
    })
    .partial()
    .describe('What is told, and in which words.'),
};
