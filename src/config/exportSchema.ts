/** The part of a connector file that is about exports: what is kept of them, and what limits them. */
import { z } from 'zod';

/** A share of all, such as `10%`. */
export const percentage = /^(100|\d{1,2})(\.\d+)?%$/;

/** What is kept of exports. */
export const changeLog = z
  .strictObject({
    retention: z.number().int().min(1).max(3650).default(90).describe('Days that a change stays in the log.'),
    sensitiveAttributes: z
      .array(z.string().min(1))
      .default([])
      .describe('Attributes whose values are never kept, e.g. `employeeNumber`. Those that hold passwords never are.'),
    gate: z
      .boolean()
      .default(false)
      .describe(
        'true: while failed exports are open, every other one is refused with 503, until they are sent again or replaced.',
      ),
  })
  .describe('The change log: who has written what into the directory through this connector, and how it went.');

const limit = (what: string) =>
  z
    .union([z.number().int().min(0), z.string().regex(percentage)], {
      error: 'a number of entries such as 500, or a share of the connector space such as "10%"',
    })
    .optional()
    .describe(
      `How many entries may be ${what} within the window: a number, or a share of the connector space. Absent: no limit.`,
    );

/** How much may be deleted and disabled. */
export const guardRails = z
  .strictObject({
    window: z.number().positive().max(10_080).default(60).describe('Minutes.'),
    delete: limit('deleted'),
    disable: limit('disabled'),
  })
  .describe('Beyond these limits the connector refuses with 403 until an operator releases it.');
