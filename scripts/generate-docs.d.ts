import type { ZodType } from 'zod';
import type * as host from '../src/config/hostSchema';

/** File name in docs/ → its text. */
export function pages(connectorFileSchema: ZodType, hostSchema: typeof host): Record<string, string>;
