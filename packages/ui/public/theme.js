// Sets theme and density before the first paint. Reads what src/app/preferences.ts wrote.
(() => {
  let stored = {};
  try {
    stored = JSON.parse(localStorage.getItem('tracehouse.preferences') ?? '{}');
  } catch {
    // Blocked or damaged storage: the defaults hold.
  }
  const root = document.documentElement;
  if (stored.theme === 'light' || stored.theme === 'dark') root.dataset.theme = stored.theme;
  root.dataset.density = stored.density ?? 'standard';
})();
