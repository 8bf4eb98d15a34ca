interface FileResult {
  readonly testFilePath: string;
  readonly testResults: readonly {
    readonly ancestorTitles?: readonly string[];
    readonly title?: string;
    readonly status?: string;
  }[];
}

/** The results of a run of jest as a matrix of product × case; empty when no test of a directory server was in it. */
export function matrix(results: { readonly testResults: readonly FileResult[] }): string;
