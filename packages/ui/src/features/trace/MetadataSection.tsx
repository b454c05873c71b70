import type { ObservationDetail } from '@tracehouse/contract/x-traces';
import { Search } from 'lucide-react';
import { Fragment, useState } from 'react';
import { Icon } from '../../components/Icon.tsx';
import { TextWithMedia } from './MediaFile.tsx';
import { Section } from './PanelFrame.tsx';

type Values = Record<string, string>;

interface MetadataSectionProps {
  metadata: Values;
  parameters: Values;
  detail: ObservationDetail;
}

export function MetadataSection({ metadata, parameters, detail }: MetadataSectionProps) {
  const said: Values = {
    ...(detail.environment !== 'default' && { environment: detail.environment }),
    ...(detail.version !== null && { version: detail.version }),
    ...(detail.release !== null && { release: detail.release }),
    ...(detail.sdk.name !== '' && { client: `${detail.sdk.name} ${detail.sdk.version}`.trim() }),
    ...(detail.scope.name !== '' && { scope: `${detail.scope.name} ${detail.scope.version}`.trim() }),
    ...(detail.timeAdjusted && { time: 'Out of bounds as sent: the time of receipt is shown.' }),
  };
  return (
    <>
      <Section title="Metadata" count={Object.keys(metadata).length}>
        <FactTable values={metadata} empty="No metadata was sent." />
      </Section>
      {Object.keys(parameters).length > 0 && (
        <Section title="Model parameters" count={Object.keys(parameters).length}>
          <FactTable values={parameters} />
        </Section>
      )}
      {Object.keys(said).length > 0 && (
        <Section title="Source">
          <FactTable values={said} />
        </Section>
      )}
    </>
  );
}

/** What came with the span and no convention took: transport and framework attributes, apart from metadata. */
export const AttributesSection = ({ detail }: { detail: ObservationDetail }) => (
  <>
    {Object.keys(detail.attributes).length > 0 && (
      <Section title="Attributes" count={Object.keys(detail.attributes).length}>
        <FactTable values={detail.attributes} />
      </Section>
    )}
    {Object.keys(detail.resourceAttributes).length > 0 && (
      <Section title="Resource" count={Object.keys(detail.resourceAttributes).length}>
        <FactTable values={detail.resourceAttributes} />
      </Section>
    )}
  </>
);

/** Long names break where they have a joint: `langfuse.observation` `.type`. */
const BrokenAtDots = ({ name }: { name: string }) =>
  name.split(/(?=[._/-])/u).map((part, index) => (
    <Fragment key={index}>
      <wbr />
      {part}
    </Fragment>
  ));

const SEARCH_FROM = 9;

/** Names and values in mono; an empty string is shown as `""`. With many, a field to find one. */
export function FactTable({ values, empty }: { values: Values; empty?: string }) {
  const [wanted, setWanted] = useState('');
  const all = Object.entries(values);
  const needle = wanted.toLowerCase();
  const shown = all.filter(
    ([key, value]) => key.toLowerCase().includes(needle) || value.toLowerCase().includes(needle),
  );
  if (all.length === 0) return empty === undefined ? null : <p className="text-text-3">{empty}</p>;
  return (
    <>
      {all.length >= SEARCH_FROM && (
        <label className="mb-2 flex h-6 items-center gap-2 rounded-control border border-control px-2 focus-within:outline-2 focus-within:outline-focus">
          <Icon of={Search} small className="text-text-3" />
          <input
            type="search"
            aria-label="Find a name or value"
            placeholder="Find"
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
            className="min-w-0 flex-1 bg-transparent text-small outline-none"
          />
        </label>
      )}
      <dl className="code grid grid-cols-term gap-x-3 leading-5">
        {shown.map(([key, value]) => (
          <div key={key} className="col-span-2 grid grid-cols-subgrid">
            <dt className="wrap-anywhere text-text-3" dir="auto">
              <BrokenAtDots name={key} />
            </dt>
            <dd className="max-h-40 overflow-auto break-words whitespace-pre-wrap" dir="auto">
              {value === '' ? '""' : <TextWithMedia text={value} />}
            </dd>
          </div>
        ))}
      </dl>
      {shown.length === 0 && <p className="text-text-3">Nothing matches “{wanted}”.</p>}
    </>
  );
}
