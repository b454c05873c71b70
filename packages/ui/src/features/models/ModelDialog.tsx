import type { Model } from '@tracehouse/contract/models';
import { useState, type ReactNode } from 'react';
import { missingRole } from '../../app/session.ts';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { Cancel } from '../../components/Cancel.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { Failure, Loading, SkeletonRows } from '../../components/states.tsx';
import { type Draft, draftOf, emptyDraft } from './draft.ts';
import { ModelForm } from './ModelForm.tsx';
import { priceText, pricePerMillion } from './prices.ts';
import { Recalculation } from './Recalculation.tsx';
import { useDeleteModel, useModel } from './useModels.ts';

/** What the dialog is about: a model there is, or a new one for the name of a call, or like another. */
export type ModelTarget = { id: string } | { name: string; from?: string | undefined };

interface ModelDialogProps {
  /** Null: closed. */
  target: ModelTarget | null;
  close: () => void;
  /** Begins a new model like this one. */
  clone?: (id: string) => void;
}

/** Shows, adds, changes and deletes a model, and offers to recalculate what it is about. */
export function ModelDialog({ target, close, clone }: ModelDialogProps) {
  const { project } = useProject();
  const sourceId = target === null ? undefined : 'id' in target ? target.id : target.from;
  const source = useModel(project.id, sourceId);
  const [stage, setStage] = useState<{ what: 'saved' | 'deleting' | 'deleted'; model: Model }>();
  const leave = () => {
    setStage(undefined);
    close();
  };
  const content = (): [title: string, content: ReactNode] => {
    if (target === null) return ['', null];
    if (stage?.what === 'saved')
      return [`Saved ${stage.model.modelName}`, <Ending key="saved" modelId={stage.model.id} close={leave} />];
    if (stage?.what === 'deleted')
      return [`Deleted ${stage.model.modelName}`, <Ending key="deleted" modelId={stage.model.id} close={leave} />];
    if (stage?.what === 'deleting') {
      return [
        `Delete ${stage.model.modelName}?`,
        <Deleting
          key="deleting"
          model={stage.model}
          onDeleted={() => setStage({ what: 'deleted', model: stage.model })}
          close={leave}
        />,
      ];
    }
    if (sourceId !== undefined && !source.data) {
      return [
        'Model',
        source.isError ? (
          <Failure key="failure" what="the model" error={source.error} retry={() => void source.refetch()} />
        ) : (
          <Loading
            key="loading"
            label="Loading the model"
            skeleton={<SkeletonRows rows={6} widths={['w-24', 'flex-1']} />}
          />
        ),
      ];
    }
    const model = source.data;
    if ('id' in target && model) {
      if (model.isLangfuseManaged) return [model.modelName, <BuiltIn key="built-in" model={model} clone={clone} />];
      return [
        model.modelName,
        <ModelForm
          key={model.id}
          initial={draftOf(model)}
          id={model.id}
          calledAs={undefined}
          onSaved={(saved) => setStage({ what: 'saved', model: saved })}
        >
          {clone && <Button onClick={() => clone(model.id)}>Clone</Button>}
          <Button
            look="danger"
            disabledBecause={missingRole(project, 'ADMIN')}
            onClick={() => setStage({ what: 'deleting', model })}
          >
            Delete
          </Button>
          <Cancel close={leave} />
        </ModelForm>,
      ];
    }
    const name = 'name' in target ? target.name : '';
    const initial = model ? copyOf(model) : emptyDraft(name);
    return [
      model ? `New model like ${model.modelName}` : name === '' ? 'Add a model' : `Add a price for ${name}`,
      <ModelForm
        key={`${name} ${model?.id ?? ''}`}
        initial={initial}
        id={undefined}
        calledAs={name === '' ? undefined : name}
        onSaved={(saved) => setStage({ what: 'saved', model: saved })}
      >
        <Cancel close={leave} />
      </ModelForm>,
    ];
  };
  const [title, inside] = content();
  return (
    <Dialog title={title} open={target !== null} onClose={leave} wide>
      {inside}
    </Dialog>
  );
}

/** One that comes with the program is overridden under its own name; its pattern may be none that a project may have. */
function copyOf(model: Model): Draft {
  const draft = draftOf(model);
  return model.isLangfuseManaged
    ? { ...draft, matchPattern: null }
    : { ...draft, modelName: `${model.modelName} copy`.slice(0, 200) };
}

/** After a change: the past may follow. */
const Ending = ({ modelId, close }: { modelId: string; close: () => void }) => (
  <div className="mt-2 flex flex-col gap-4">
    <Recalculation modelId={modelId} />
    <div>
      <Button look="quiet" onClick={close}>
        Close
      </Button>
    </div>
  </div>
);

function Deleting({ model, onDeleted, close }: { model: Model; onDeleted: () => void; close: () => void }) {
  const { project } = useProject();
  const remove = useDeleteModel(project.id);
  return (
    <div className="mt-1 flex flex-col gap-4">
      <p className="text-text-2">
        New calls are priced by the next model that matches their name, or have no price. Calls that are stored keep
        their cost. This cannot be undone.
      </p>
      {remove.isError && (
        <p role="alert" className="text-small text-danger">
          The model was not deleted. {remove.error.message}
        </p>
      )}
      <div className="flex gap-2">
        <Button look="danger" onClick={() => remove.mutate(model.id, { onSuccess: onDeleted })}>
          {remove.isPending ? 'Deleting …' : 'Delete model'}
        </Button>
        <Cancel close={close} />
      </div>
    </div>
  );
}

/** What comes with the program can be read, and overridden by a model of one's own. */
function BuiltIn({ model, clone }: { model: Model; clone: ((id: string) => void) | undefined }) {
  const { project } = useProject();
  const perMillion = model.unit === 'TOKENS' || model.unit === null;
  return (
    <div className="mt-1 flex flex-col gap-4">
      <p className="text-text-2">
        Comes with the program. A model of your own that matches the same names goes before it.
      </p>
      <dl className="grid grid-cols-fact gap-x-3 gap-y-1">
        <dt className="text-text-3">Matches</dt>
        <dd className="code max-h-24 overflow-auto break-all">{model.matchPattern}</dd>
        <dt className="text-text-3">Tokens nobody reports</dt>
        <dd>{model.tokenizerId === 'openai' ? 'are counted as by OpenAI' : 'are not counted'}</dd>
      </dl>
      {model.pricingTiers.map((tier) => (
        <section key={tier.id}>
          <h3 className="mb-1 font-medium">
            {tier.name}{' '}
            <span className="font-normal text-text-3">
              {tier.conditions.map((condition) =>
                'usageDetailPattern' in condition
                  ? `when usage like ${condition.usageDetailPattern} is above ${condition.value.toLocaleString('en-US')}`
                  : `when ${condition.key} is ${condition.values.join(' or ')}`,
              )}
            </span>
          </h3>
          <div className="code text-text-2">
            {Object.entries(tier.prices).map(([usageType, price]) => (
              <div key={usageType} className="flex items-baseline gap-2">
                <span className="truncate">{usageType}</span>
                <span className="leader" />
                <span className="text-text">{perMillion ? `${pricePerMillion(price)}/M` : `$${priceText(price)}`}</span>
              </div>
            ))}
          </div>
        </section>
      ))}
      {clone && (
        <div>
          <Button onClick={() => clone(model.id)} disabledBecause={missingRole(project, 'ADMIN')}>
            Clone, to change it
          </Button>
        </div>
      )}
    </div>
  );
}
