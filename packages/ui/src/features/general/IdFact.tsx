import { CopyButton } from '../../components/CopyButton.tsx';

/** The id of `what` ("Project"), to be copied; a line of a list of facts. */
export const IdFact = ({ what, id }: { what: string; id: string }) => (
  <>
    <dt className="text-text-3">{what} id</dt>
    <dd className="flex items-center gap-1">
      <span className="code truncate">{id}</span>
      <CopyButton text={id} label={`Copy ${what.toLowerCase()} id`} />
    </dd>
  </>
);
