import type { ObservationDetail } from '@tracehouse/contract/x-traces';
import { formatDuration } from '../../components/formats.ts';
import { FactTable } from './MetadataSection.tsx';
import { Section } from './PanelFrame.tsx';
import { instantMs } from './tree.ts';

interface EventsSectionProps {
  events: ObservationDetail['events'];
  /** Start of the trace, milliseconds since 1970. */
  startMs: number;
}

/** Span events by time after the trace's start; exceptions with their stack. */
export const EventsSection = ({ events, startMs }: EventsSectionProps) => (
  <Section title="Events" count={events.length}>
    {events.map((event, index) => {
      const {
        'exception.type': type,
        'exception.message': message,
        'exception.stacktrace': stack,
        ...rest
      } = event.attributes;
      const isException = type !== undefined || message !== undefined;
      return (
        <div key={index} className="border-t py-1.5 first-of-type:border-t-0">
          <p className="flex items-baseline gap-3">
            <span className="data text-text-3">{formatDuration(instantMs(event.timestamp) - startMs)}</span>
            <span className={isException ? 'text-danger' : undefined} dir="auto">
              {isException ? [type, message].filter(Boolean).join(': ') : event.name}
            </span>
          </p>
          {stack !== undefined && (
            <details className="mt-1">
              <summary className="text-small text-text-3">Stack</summary>
              <pre className="code mt-1 overflow-x-auto bg-sunken px-3 py-2">{stack}</pre>
            </details>
          )}
          <FactTable values={rest} />
        </div>
      );
    })}
  </Section>
);
