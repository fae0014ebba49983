// One key presses the button, follows the link or enters the field that names it (data-key).
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=submit]), textarea, select");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input")) target.focus();
  else target.click();
});
