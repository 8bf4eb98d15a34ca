/** Run profiles of a connector file, and when they are due. */
import { z } from 'zod';
import { changeOperations } from '../connector/options';
import { checked } from './checkedText';
import { percentage } from './exportSchema';

/** The autosync timer, among the properties of a connector. */
export const autosync = {
  autosyncTimer: z
    .union([z.number().min(0), checked('cron')])
    .default(120)
    .describe(
      'When full imports are due: minutes between them (0: only at start), or a cron expression in the time zone of the host: ' +
        '`@hourly`, `30 2 * * *` (daily at 02:30), `0 3 * * SUN` (weekly).',
    ),
  autosyncJitter: z
    .number()
    .min(0)
    .max(3600)
    .default(30)
    .describe(
      'Seconds by which a scheduled full import begins late by chance, at most, so that not all begin at once.',
    ),
};

/** The run profiles. */
export const runProfiles = z.strictObject({
  export: z
    .strictObject({
      enabled: z.boolean().default(true).describe('false: every write is refused with 403.'),
      dryRun: z
        .union([z.boolean(), z.array(z.enum(changeOperations))])
        .default(false)
        .describe(
          'true, or the operations that are only tried: all is checked, what would be sent is logged as LDIF, nothing is written, and the client gets 403.',
        ),
    })
    .default({ enabled: true, dryRun: false }),
  fullImport: z
    .strictObject({
      pageSize: z.number().int().min(1).max(10_000).default(500),
      sortKey: z
        .string()
        .regex(/^[A-Za-z0-9.;-]+(?::[A-Za-z0-9.-]+)?$/, 'an attribute, or an attribute, a colon and an ordering rule')
        .optional()
        .describe(
          'By what a list is sorted where the server has virtual list views instead of pages: `attribute` or `attribute:orderingRule`. Absent: the immutable id, which is best: no entry changes it.',
        ),
      sideBySide: z
        .number()
        .int()
        .min(1)
        .max(16)
        .default(1)
        .describe('Partitions or containers that are read at the same time, each over a connection of its own.'),
      accidentLimit: z
        .string()
        .regex(percentage, 'a percentage such as "10%"')
        .default('10%')
        .describe('An import that would lose more than this share of the entries fails and changes nothing.'),
    })
    .default({ pageSize: 500, sideBySide: 1, accidentLimit: '10%' }),
  deltaImport: z
    .strictObject({
      enabled: z.boolean().default(true),
      interval: z.number().positive().default(30).describe('Seconds between delta imports.'),
    })
    .default({ enabled: true, interval: 30 }),
});
