/**
 * How the modal looks, whatever the shop's own styles say.
 *
 * A constructed sheet needs no permission from the shop's Content-Security-Policy. Everything is scoped under the
 * modal's id, starts from `all: initial`, and is important, save what animations change.
 */

const ROOT = "#payment-gateway-modal";
const CARD = `${ROOT} .modal-content`;
const DARK = "--pg-card:#17191d;--pg-ink:#f1f2f4;--pg-muted:#a9aeb8;--pg-line:#30343b;color-scheme:dark";

/** `gutter` is the width of the page's scrollbar, which stays free while it is hidden. */
export function css(gutter: number, isBodyTheScroller: boolean): string {
  const page = `html:has(${ROOT})`;
  return important(`
${page}{overflow:hidden;${gutter ? "scrollbar-gutter:stable" : ""}}
${gutter ? `@supports not (scrollbar-gutter:stable){${page}{padding-right:${gutter}px}}` : ""}
${isBodyTheScroller ? `${page}>body{overflow:visible}` : ""}
${ROOT},${ROOT} *,${ROOT} ::before,${ROOT} ::after{all:initial?;box-sizing:border-box;position:static;float:none;visibility:visible;margin:0;padding:0;border:0;min-width:0;max-width:none;max-height:none}
${ROOT}{--pg-card:#fff;--pg-ink:#16181d;--pg-muted:#5b616e;--pg-line:#e3e5e9;
display:block;position:fixed;inset:0;width:100vw;height:100vh;height:100dvh;
overflow:hidden;overscroll-behavior:contain;color-scheme:light}
${ROOT}::backdrop{display:none}
${ROOT}[data-scheme=dark]{${DARK}}
@media (prefers-color-scheme:dark){${ROOT}[data-scheme=auto]{${DARK}}}
${ROOT} .modal-overlay{position:absolute;top:0;left:0;width:100%;height:100%;display:flex;align-items:center;justify-content:center;background:rgba(9,11,16,.62);animation:pg-fade .2s?}
${CARD}{position:relative;display:flex;flex-direction:column;width:calc(100% - 32px);max-width:440px;height:92vh;height:92dvh;max-height:740px;overflow:hidden;
background:var(--pg-card);border-radius:var(--pg-radius,16px);box-shadow:0 24px 64px rgba(0,0,0,.32);animation:pg-rise .24s cubic-bezier(.2,.8,.2,1)?}
${CARD} *{font:400 15px/1.5 system-ui,"Noto Sans Devanagari",sans-serif;color:var(--pg-ink)}
${CARD} .pg-bar{display:block;height:48px;padding:0 56px 0 20px;line-height:47px;font-weight:600;border-bottom:1px solid var(--pg-line)}
${CARD} button{display:block;cursor:pointer;border-radius:min(var(--pg-radius,10px),22px)}
${CARD} button:focus-visible{outline:2px solid var(--pg-accent,var(--pg-ink));outline-offset:-2px}
${CARD} .pg-x{position:absolute;top:2px;right:6px;width:44px;height:44px}
${CARD} .pg-x::before,${CARD} .pg-x::after{content:"";position:absolute;top:21px;left:14px;width:16px;border-top:2px solid var(--pg-muted);transform:rotate(45deg)}
${CARD} .pg-x::after{transform:rotate(-45deg)}
${CARD} iframe{display:block;flex:1;width:100%;min-height:0;background:var(--pg-card);color-scheme:inherit}
${CARD} .pg-note{position:absolute;inset:48px 0 0;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:12px;padding:24px;background:var(--pg-card)}
${CARD} .pg-note[hidden]{display:none}
${CARD} .pg-wait{width:32px;height:32px;border:3px solid var(--pg-line);border-top-color:var(--pg-accent,var(--pg-ink));border-radius:50%;animation:pg-turn .8s linear infinite?}
${CARD} .pg-said{max-width:300px;text-align:center;color:var(--pg-muted)}
${CARD} .pg-note button{width:220px;padding:10px 16px;text-align:center;font-weight:600;border:1px solid var(--pg-line)}
${CARD} .pg-note .pg-first{background:var(--pg-ink);color:var(--pg-card)}
${CARD} .pg-note button:focus-visible{outline-offset:2px}
@media (max-width:480px){
${ROOT} .modal-overlay{align-items:flex-end}
${CARD}{width:100%;max-width:none;max-height:none;border-radius:var(--pg-radius,16px) var(--pg-radius,16px) 0 0;padding-bottom:env(safe-area-inset-bottom);animation-name:pg-sheet?}}
@media (max-height:520px){${CARD}{height:100vh;height:100dvh}}
@media (prefers-reduced-motion:reduce){${ROOT},${ROOT} *{animation:none}}
@keyframes pg-fade{from{opacity:0}}
@keyframes pg-rise{from{opacity:0;transform:translateY(16px)}}
@keyframes pg-sheet{from{transform:translateY(100%)}}
@keyframes pg-turn{to{transform:rotate(1turn)}}`);
}

/** Every declaration becomes important; one that ends in `?` stays overridable, and keyframes cannot be. */
function important(sheet: string): string {
  const [rules = "", ...frames] = sheet.split("@keyframes");
  const strong = rules.replace(/(:[^{};]+?)(\??)(?=[;}])/g, (_, rest: string, weak: string) =>
    weak ? rest : `${rest}!important`,
  );
  return [strong, ...frames].join("@keyframes");
}
