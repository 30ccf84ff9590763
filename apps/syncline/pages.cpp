// The page of a binary that was built without one.
#include "pages.hpp"

#include <array>

namespace syncline::command {
namespace {

constexpr std::string_view kFallbackText = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Syncline</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 15vh auto; padding: 0 1rem; }
  code { font-family: ui-monospace, monospace; }
</style>
<h1>Syncline</h1>
<p>The hub is running, but this binary was built without the demo page.</p>
<p>To have it, run <code>make build</code> in the source tree (or <code>make demo</code>, which also starts it): that
builds the page with npm, and then <code>build/release/syncline</code> with the page inside.</p>
</html>
)";

const std::array<EmbeddedFile, 1> kFallback = {{{
    "/index.html",
    "text/html; charset=utf-8",
    {reinterpret_cast<const std::uint8_t*>(kFallbackText.data()), kFallbackText.size()},
    R"("fallback-1")",
}}};

}  // namespace

std::span<const EmbeddedFile> pages() {
  const std::span<const EmbeddedFile> embedded = embedded_files();
  return embedded.empty() ? std::span<const EmbeddedFile>(kFallback) : embedded;
}

}  // namespace syncline::command
