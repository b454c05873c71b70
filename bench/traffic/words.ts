import { createRandom, type Random } from './random.ts';

const VOCABULARY = 12_000;
/** Successors a word has: text that repeats phrases, as language does, and compresses like it (gzip takes it to a third). */
const SUCCESSORS = 24;

const onsets = 'b c d f g h l m n p r s t v w br ch cl cr dr fl gr pl pr sh sp st th tr'.split(' ');
const vowels = 'a e i o u a e i o ai ea ou'.split(' ');
const endings = ['', '', '', 'n', 'r', 's', 't', 'l', 'd', 'm', 'nd', 'st', 'ng', 'ck'];
const common =
  'the of and to a in is that it for was on are as with they at be this from have or by one had not but what all were when we there can an your which their said if do will each about how up out them then she many some so these would other into has more two like him see time could no make than first been its who now people my made over did down only way find use may water long little very after words called just where most know'.split(
    ' ',
  );

/** Prose of made-up words: sentences and paragraphs, some of them as lists or code. */
export interface Words {
  /** About `length` characters, ended at a word. */
  prose(random: Random, length: number): string;
  /** JSON text of about `length` characters, as tools answer. */
  json(random: Random, length: number): string;
  name(random: Random): string;
}

export function createWords(seed: number): Words {
  const random = createRandom(seed);
  const made = new Set(common);
  while (made.size < VOCABULARY) {
    const syllables = random.between(1, 3);
    let word = '';
    for (let i = 0; i < syllables; i += 1) word += random.pick(onsets) + random.pick(vowels) + random.pick(endings);
    made.add(word);
  }
  const vocabulary = [...made];
  // Word order is a chain: who follows whom is settled once.
  const successors = vocabulary.map(() => Array.from({ length: SUCCESSORS }, () => random.skewed(VOCABULARY)));

  function prose(random: Random, length: number): string {
    let text = '';
    let word = random.skewed(VOCABULARY);
    let left = random.between(5, 22);
    let isFirst = true;
    while (text.length < length) {
      const written = vocabulary[word]!;
      text += isFirst ? written[0]!.toUpperCase() + written.slice(1) : written;
      isFirst = false;
      left -= 1;
      if (left > 0) text += random.chance(0.07) ? ', ' : ' ';
      else {
        text += random.chance(0.15) ? '.\n\n' : random.chance(0.08) ? ':\n- ' : '. ';
        left = random.between(5, 22);
        isFirst = true;
      }
      word = random.chance(0.12) ? random.skewed(VOCABULARY) : successors[word]![random.skewed(SUCCESSORS)]!;
    }
    return text;
  }

  const name = (random: Random): string => vocabulary[random.between(common.length, VOCABULARY - 1)]!;

  function json(random: Random, length: number): string {
    const results: unknown[] = [];
    let size = 0;
    while (size < length) {
      const result = {
        id: `doc-${random.between(1, 99_999)}`,
        title: prose(random, 30).trim(),
        score: Number(random.next().toFixed(4)),
        updated_at: new Date(1_760_000_000_000 + random.between(0, 30_000_000) * 1000).toISOString(),
        snippet: prose(random, Math.min(400, Math.max(60, length - size - 120))),
      };
      results.push(result);
      size += JSON.stringify(result).length;
    }
    return JSON.stringify({ status: 'ok', results });
  }

  return { prose, json, name };
}
