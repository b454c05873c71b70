import { abTests, usage as abTestsUsage } from './ab-tests/ab-tests.ts';
import { ingest, usage as ingestUsage } from './ingest/ingest.ts';
import { prompts, usage as promptsUsage } from './prompts/prompts.ts';
import { query, usage as queryUsage } from './query/query.ts';
import { print, type Report } from './report.ts';
import { start, usage as startUsage } from './start.ts';

const benches: Record<string, (args: string[]) => Promise<{ report: Report; file: string | undefined }>> = {
  'ab-tests': abTests,
  ingest,
  prompts,
  query,
  start,
};

async function main([name = '', ...args]: string[]): Promise<number> {
  const bench = benches[name];
  if (!bench) {
    process.stderr.write(
      `Usage: npm run bench -- <bench> [options]\n\n${[abTestsUsage, ingestUsage, promptsUsage, queryUsage, startUsage].join('\n\n')}\n`,
    );
    return 2;
  }
  try {
    const { report, file } = await bench(args);
    await print(report, file);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
