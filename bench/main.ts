import { ingest, usage as ingestUsage } from './ingest/ingest.ts';
import { print, type Report } from './report.ts';

const benches: Record<string, (args: string[]) => Promise<{ report: Report; file: string | undefined }>> = { ingest };

async function main([name = '', ...args]: string[]): Promise<number> {
  const bench = benches[name];
  if (!bench) {
    process.stderr.write(`Usage: npm run bench -- <bench> [options]\n\n${[ingestUsage].join('\n\n')}\n`);
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
