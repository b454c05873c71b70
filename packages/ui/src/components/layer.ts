/** Floating layers: raised, the only ones with a shadow. */
export const layerClass = 'rounded-layer border border-line bg-raised shadow-layer outline-none';
