import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test } from 'vitest';
import { MessagesSection } from './MessagesSection.tsx';

afterEach(cleanup);

const show = (input: unknown, output: unknown, running = false) => {
  const text = (value: unknown) => (value === null || typeof value === 'string' ? value : JSON.stringify(value));
  return render(<MessagesSection input={text(input)} output={text(output)} toolDefinitions={{}} running={running} />)
    .container;
};

test('chat shows roles, tool calls with their arguments, and the answer as output', () => {
  const page = show(
    [
      { role: 'user', content: 'Where is my refund?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'c', function: { name: 'get_order', arguments: '{"id":"A-1","with":["returns"],"price":89.00}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'c', content: '{"state":"ok"}' },
    ],
    { role: 'assistant', content: 'It left our bank.' },
  );
  expect(screen.getByText('Where is my refund?')).toBeTruthy();
  expect(screen.getByText('get_order')).toBeTruthy();
  expect(page.textContent).toContain('id A-1');
  expect(page.textContent).toContain('with returns');
  expect(page.textContent).toContain('price 89.00');
  expect(page.textContent).toContain('state ok');
  expect(screen.getByText('output')).toBeTruthy();
});

test('what was not sent is said in words', () => {
  const page = show(null, null, true);
  expect(page.textContent).toContain('No input was sent.');
  expect(page.textContent).toContain('Output not received yet.');
  cleanup();
  expect(show(null, null).textContent).toContain('No output was sent.');
});

test('long text says how much is hidden and opens in place', async () => {
  const lines = Array.from({ length: 312 }, (_, index) => `line ${index + 1}`).join('\n');
  const page = show(lines, 'ok');
  expect(page.textContent).not.toContain('line 41');
  await userEvent.click(screen.getByRole('button', { name: 'Showing 40 of 312 lines. Show all 312 lines' }));
  expect(page.textContent).toContain('line 312');
});

test('a system message above twelve lines shows its first line', () => {
  const system = Array.from({ length: 31 }, (_, index) => `rule ${index + 1}`).join('\n');
  const page = show(
    [
      { role: 'system', content: system },
      { role: 'user', content: 'Hi' },
    ],
    'ok',
  );
  expect(page.textContent).toContain('rule 1');
  expect(page.textContent).not.toContain('rule 2');
});

test('U75 markup in a message stays text', () => {
  const page = show(
    '<script>alert(1)</script><a href="javascript:alert(1)">x</a>',
    '<img src="https://evil.test/x.png">',
  );
  expect(page.querySelector('script, img, a')).toBeNull();
  expect(page.textContent).toContain('<script>alert(1)</script>');
});

test('U74 no object is ever printed as [object Object]', () => {
  const deep = { a: { b: [{ c: null }, { d: { e: false } }] }, n: 9, list: [1, [2]] };
  const page = show([{ role: 'user', content: [{ type: 'hologram', deep }] }], deep);
  expect(page.textContent).not.toContain('[object');
  expect(page.textContent).toContain('"e": false');
});

test('U66 an image is named, not loaded', () => {
  const page = show(
    [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x.test/a.png' } }] }],
    'ok',
  );
  expect(page.querySelector('img')).toBeNull();
  expect(page.textContent).toContain('https://x.test/a.png');
});
