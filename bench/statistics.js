/** Numbers of a run: quantiles, medians, and a table of them. */

/** The value below which this share of the sorted values lies. */
function quantile(sorted, share) {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

function median(values) {
  return quantile(
    values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b),
    0.5,
  );
}

/** Several slices of one cell as one: rates as the median of the slices, latencies of all of them together. */
function summary(slices) {
  const latencies = slices.flatMap((slice) => slice.latencies).sort((a, b) => a - b);
  const done = slices.reduce((sum, slice) => sum + slice.latencies.length, 0);
  const each = (name) => slices.reduce((sum, slice) => sum + (slice[name] ?? Number.NaN), 0) / done;
  return {
    count: done,
    failed: slices.reduce((sum, slice) => sum + slice.failed, 0),
    perSecond: median(slices.map(rate)),
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    cpuMsPerOperation: each('cpuMs'),
    clientCpuMsPerOperation: each('clientCpuMs'),
    directoryCpuMsPerOperation: each('directoryCpuMs'),
  };
}

function rate({ latencies, elapsedMs }) {
  return elapsedMs > 0 && latencies.length > 0 ? (latencies.length * 1000) / elapsedMs : Number.NaN;
}

/** The median of the ratios of slices that ran side by side: noise of the machine hits both of a pair. */
function ratio(slices, others) {
  return others.length === 0 ? Number.NaN : median(slices.map((slice, index) => rate(slice) / rate(others[index])));
}

/** Rows of cells as text, numbers to the right. */
function table(head, rows) {
  const texts = [head, ...rows.map((row) => row.map((cell) => String(cell)))];
  const widths = head.map((_, column) => Math.max(...texts.map((row) => row[column].length)));
  const line = (row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ');
  return [line(texts[0]), widths.map((width) => '-'.repeat(width)).join('  '), ...texts.slice(1).map(line)].join('\n');
}

function fixed(value, digits) {
  return value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits);
}

module.exports = { quantile, median, summary, ratio, table, fixed };
