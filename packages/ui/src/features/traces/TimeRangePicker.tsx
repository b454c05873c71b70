import { CalendarClock, ChevronDown } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { Dialog, DialogTrigger } from 'react-aria-components/Dialog';
import { Popover } from 'react-aria-components/Popover';
import { useKeys } from '../../app/keys.ts';
import { useZone } from '../../app/preferences.ts';
import { Button } from '../../components/Button.tsx';
import { classes } from '../../components/class-names.ts';
import { zoneName } from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { layerClass } from '../../components/layer.ts';
import { TriggerButton } from '../../components/TriggerButton.tsx';
import { describeTimeRange, readTimeRange, relativeRanges } from './time-range.ts';

interface TimeRangePickerProps {
  t: string;
  onChoose: (t: string) => void;
}

/** Relative ranges to choose, and a field for any other: `90m`, or two times with `..` between them. */
export function TimeRangePicker({ t, onChoose }: TimeRangePickerProps) {
  const zone = useZone();
  const now = new Date();
  const [open, setOpen] = useState(false);
  const [isWrong, setIsWrong] = useState(false);
  useKeys([{ key: 't', does: 'Choose the time range', run: () => setOpen(true) }]);
  const choose = (next: string) => {
    setOpen(false);
    onChoose(next);
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget).get('range')).trim();
    const range = readTimeRange(typed, new Date());
    setIsWrong(range === null);
    if (range) choose(range.t);
  };
  const words = describeTimeRange(t, now, zone);
  return (
    <DialogTrigger isOpen={open} onOpenChange={setOpen}>
      <TriggerButton aria-label={`Time range: ${words} ${zoneName(zone, now)}`}>
        <Icon of={CalendarClock} className="text-text-3" />
        {words} <span className="text-text-3 max-wide:hidden">{zoneName(zone, now)}</span>
        <Icon of={ChevronDown} small className="text-text-3" />
      </TriggerButton>
      <Popover placement="bottom end" offset={4} className={layerClass}>
        <Dialog aria-label="Time range" className="w-72 py-1 outline-none">
          {relativeRanges.map(({ id, label }) => (
            <button
              key={id}
              type="button"
              aria-pressed={id === t}
              onClick={() => choose(id)}
              className={classes(
                'relative flex h-7 w-full cursor-default items-center px-3 outline-inside hover:bg-hover-raised',
                id === t && 'petrol-edge bg-selected',
              )}
            >
              {label}
            </button>
          ))}
          <form onSubmit={submit} className="mt-1 border-t px-3 pt-2 pb-2">
            <label className="mb-1 block text-small text-text-2" htmlFor="typed-range">
              Another range, UTC
            </label>
            <div className="flex gap-2">
              <input
                id="typed-range"
                name="range"
                defaultValue={t}
                aria-invalid={isWrong}
                aria-describedby="typed-range-help"
                className="code h-7 min-w-0 flex-1 rounded-control border border-line-strong bg-raised px-2 aria-[invalid=true]:border-danger"
              />
              <Button type="submit">Apply</Button>
            </div>
            <p
              id="typed-range-help"
              role={isWrong ? 'alert' : undefined}
              className={classes('mt-1 text-small', isWrong ? 'text-danger' : 'text-text-3')}
            >
              {isWrong ? 'Expected: ' : 'For example '}
              <span className="data">90m</span> or <span className="data">2026-11-25T09:00Z..2026-11-25T10:30Z</span>
            </p>
          </form>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
