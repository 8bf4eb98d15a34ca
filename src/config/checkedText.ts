/** Texts of a connector file that have a grammar of their own. */
import { z } from 'zod';
import { textFault } from '../connector/options';

/** A text that can be read as what it has to be; the fault says what is wrong and where. */
export const checked = (kind: 'dn' | 'filter' | 'expression' | 'cron') =>
  z
    .string()
    .min(1)
    .superRefine((text, context) => {
      const fault = textFault(kind, text);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    });
