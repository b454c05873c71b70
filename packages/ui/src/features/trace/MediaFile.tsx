import { useQuery } from '@tanstack/react-query';
import { readMedia } from '@tracehouse/contract/media';
import { Download } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { call } from '../../api/call.ts';
import { useProject } from '../../app/useProject.ts';
import { classes } from '../../components/class-names.ts';
import { formatBytes } from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { shownAs, splitAtTokens, type MediaToken } from './media-tokens.ts';

/** Text as it is, but for the tokens in it: what they stand for is shown in their place. */
export const TextWithMedia = ({ text }: { text: string }) =>
  splitAtTokens(text).map((part, index) =>
    typeof part === 'string' ? part : <MediaFile key={`${index} ${part.mediaId}`} token={part} />,
  );

/** Links are good for an hour by default, and may be set to less. */
const FRESH_MS = 30_000;

/** What a token stands for, and an address of it. */
function useMedia(mediaId: string) {
  const { project } = useProject();
  return useQuery({
    queryKey: ['media', project.id, mediaId],
    queryFn: ({ signal }) => call(readMedia, { project: project.id, params: { mediaId }, signal }),
    staleTime: FRESH_MS,
    refetchOnWindowFocus: false,
    retry: false,
  });
}

/** Of this page's own origin: by what address others reach the server is not what the browser may load from. */
function addressOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

/** An image, 20 px, for a line of a list; of any other file its type. */
export function Thumbnail({ token: { contentType, mediaId } }: { token: MediaToken }) {
  const media = useMedia(mediaId);
  const [cannotShow, setCannotShow] = useState(false);
  if (media.data && shownAs(media.data.contentType) === 'image' && !cannotShow) {
    return (
      <img
        src={addressOf(media.data.url)}
        alt={media.data.contentType}
        onError={() => setCannotShow(true)}
        className="size-5 shrink-0 rounded-control object-cover"
      />
    );
  }
  return <Note>{contentType}</Note>;
}

function MediaFile({ token: { contentType, mediaId } }: { token: MediaToken }) {
  const media = useMedia(mediaId);
  if (media.isPending) return <Note>{contentType} …</Note>;
  if (media.isError) {
    return (
      <Note>
        {contentType}: {media.error.message}
      </Note>
    );
  }
  const { url, contentLength } = media.data;
  return (
    <ShownFile
      key={mediaId}
      as={shownAs(media.data.contentType)}
      address={addressOf(url)}
      words={`${media.data.contentType}, ${formatBytes(contentLength)}`}
    />
  );
}

interface ShownFileProps {
  as: ReturnType<typeof shownAs>;
  address: string;
  /** Type and size. */
  words: string;
}

function ShownFile({ as, address, words }: ShownFileProps) {
  const [isLarge, setIsLarge] = useState(false);
  const [cannotShow, setCannotShow] = useState(false);
  const link = (
    <a
      href={address}
      download
      className="inline-flex items-center gap-1.5 font-sans text-small tracking-normal text-accent hover:underline"
    >
      <Icon of={Download} small />
      {words}
    </a>
  );
  const fail = () => setCannotShow(true);
  if (as === 'download' || cannotShow) return <span className="my-1 block">{link}</span>;
  return (
    <span className="my-1 flex flex-col items-start gap-1" data-testid="media">
      {as === 'image' && (
        <button
          type="button"
          aria-label={isLarge ? 'Make the image smaller' : 'Enlarge the image'}
          aria-pressed={isLarge}
          className={classes('max-w-full', isLarge ? 'cursor-zoom-out' : 'cursor-zoom-in')}
          onClick={() => setIsLarge(!isLarge)}
        >
          <img
            src={address}
            alt={`The file (${words})`}
            onError={fail}
            className={classes('max-w-full rounded-control border', !isLarge && 'max-h-80')}
          />
        </button>
      )}
      {as === 'audio' && (
        // oxlint-disable-next-line jsx-a11y/media-has-caption -- what was recorded has none
        <audio controls preload="metadata" src={address} onError={fail} className="w-full max-w-100" />
      )}
      {as === 'video' && (
        // oxlint-disable-next-line jsx-a11y/media-has-caption -- what was recorded has none
        <video controls preload="metadata" src={address} onError={fail} className="max-h-80 max-w-full" />
      )}
      {link}
    </span>
  );
}

const Note = ({ children }: { children: ReactNode }) => (
  <span className="font-sans text-small tracking-normal text-text-3">[{children}]</span>
);
