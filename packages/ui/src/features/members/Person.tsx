interface PersonProps {
  name: string | null;
  email: string;
  /** "Switched off", "you". */
  note?: string | undefined;
}

/** Somebody in a list: name over address. */
export const Person = ({ name, email, note }: PersonProps) => (
  <span className="flex min-w-0 flex-col">
    <span className="truncate font-medium" dir="auto">
      {name ?? email}
      {note !== undefined && <span className="font-normal text-text-3"> · {note}</span>}
    </span>
    {name !== null && (
      <span className="truncate text-small text-text-3" dir="auto">
        {email}
      </span>
    )}
  </span>
);
