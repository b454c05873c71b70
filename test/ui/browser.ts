import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { freePorts } from '../harness/ports.ts';
import { startServer, type TestServer } from '../harness/server.ts';

/** What a file of tests works with: a server of its own and one browser. */
export interface Stage {
  readonly server: TestServer;
  /** A fresh browser profile with a page. Whatever the page must not do is collected in `faults`. */
  open(options?: { theme?: 'light' | 'dark'; width?: number; height?: number }): Promise<Seat>;
  /** As `open`, signed in as the owner; the page is blank. */
  openSignedIn(options?: { theme?: 'light' | 'dark'; width?: number; height?: number }): Promise<Seat>;
}

export interface Seat {
  readonly page: Page;
  /** Refused by the content security policy, sent to another host, or thrown by the page. */
  readonly faults: string[];
}

/** What a file of tests needs beside the product. */
export interface Beside {
  readonly env: Readonly<Record<string, string>>;
  /** Other sites its pages may go to. */
  readonly origins: readonly string[];
  stop(): Promise<void>;
}

/**
 * Starts server and browser before the tests of the file, stops them after; no page may have had a fault. `env` are settings of the
 * server, asked for when it starts; `start` starts what stands beside it, told the address it will have.
 */
export function useStage({
  env = () => ({}),
  start,
}: { env?(): Record<string, string>; start?(url: string): Promise<Beside> } = {}): Stage {
  let beside: Beside | undefined;
  let server: TestServer | undefined;
  let browser: Browser | undefined;
  const contexts: BrowserContext[] = [];
  const allFaults: string[] = [];
  beforeAll(async () => {
    const [port] = (await freePorts(1)) as [number];
    beside = await start?.(`http://127.0.0.1:${port}`);
    server = await startServer({ env: { PORT: String(port), ...env(), ...beside?.env } });
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  });
  // A page left open goes on asking the server for news.
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await beside?.stop();
    expect(allFaults).toEqual([]);
  });
  const running = () => {
    if (!server || !browser) throw new Error('The stage is used before its beforeAll');
    return { server, browser };
  };
  const stage: Stage = {
    get server() {
      return running().server;
    },
    async open({ theme = 'light', width = 1440, height = 900 } = {}) {
      const { browser, server } = running();
      const context = await browser.newContext({
        baseURL: server.url,
        viewport: { width, height },
        colorScheme: theme,
        timezoneId: 'UTC',
        locale: 'en-US',
        permissions: ['clipboard-read', 'clipboard-write'],
      });
      contexts.push(context);
      const page = await context.newPage();
      page.setDefaultTimeout(45_000);
      const faults = watch(page, [server.url, ...(beside?.origins ?? [])], allFaults);
      return { page, faults };
    },
    async openSignedIn(options) {
      const seat = await stage.open(options);
      await signIn(seat.page, running().server);
      return seat;
    },
  };
  return stage;
}

/** As the form does it, which has tests of its own (sign-in.test.ts): to load it costs a second each time. */
async function signIn(page: Page, { url, email, password }: TestServer): Promise<void> {
  const answer = await page.context().request.post('/api/auth/signin/password', {
    headers: { origin: url },
    data: { email, password },
  });
  if (!answer.ok()) throw new Error(`Signing in answered ${answer.status()} ${await answer.text()}`);
}

function watch(page: Page, origins: readonly string[], all: string[]): string[] {
  const faults: string[] = [];
  const note = (fault: string) => {
    faults.push(fault);
    all.push(fault);
  };
  page.on('console', (message) => {
    if (/content security policy/iu.test(message.text())) note(message.text());
  });
  page.on('pageerror', (error) => note(`thrown: ${error.message}`));
  page.on('request', (request) => {
    const address = request.url();
    const isKnown = origins.some((origin) => address.startsWith(`${origin}/`));
    if (!isKnown && !address.startsWith('blob:')) note(`sent to another host: ${address}`);
  });
  return faults;
}
