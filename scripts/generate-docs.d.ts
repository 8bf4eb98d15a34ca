import type { ZodType } from 'zod';

/** File name in docs/ → its text. */
export function pages(connectorFileSchema: ZodType): Record<string, string>;
