#include "json_lines/undo.hpp"

#include <chrono>

namespace syncline::json_lines {
namespace {

std::int64_t wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

Value::Object UndoManagers::make(Document& document, const Value& request) {
  const std::string& name = text_field(request, "undo");
  if (entries_.contains(name)) bad_request("there is an undo manager \"" + name + "\" already");
  crdt::UndoOptions options{.now_ms = [this] { return now_ms_ ? *now_ms_ : wall_ms(); }};
  if (request.find("capture_timeout") != nullptr)
    options.capture_timeout_ms = static_cast<std::int64_t>(whole_field(request, "capture_timeout"));
  if (request.find("tracked_origins") != nullptr) {
    options.tracked_origins.clear();
    for (const Value& origin : list_field(request, "tracked_origins"))
      options.tracked_origins.push_back(read_value(origin));
  }

  std::unique_ptr<crdt::UndoManager> manager;
  if (field(request, "scope") == Value("doc")) {
    manager = std::make_unique<crdt::UndoManager>(document.doc, std::move(options));
  } else {
    std::vector<crdt::SharedType*> scope;
    for (const Value& target : list_field(request, "scope"))
      scope.push_back(&resolve(document.doc, target));
    if (scope.empty()) bad_request("\"scope\" is empty: give targets, or \"doc\" for everything");
    manager = std::make_unique<crdt::UndoManager>(std::move(scope), std::move(options));
  }
  entries_.emplace(name, Entry{document, std::move(manager)});
  return {};
}

void UndoManagers::drop(const Document& document) {
  std::erase_if(entries_, [&](const auto& entry) { return &entry.second.document == &document; });
}

UndoManagers::Entry& UndoManagers::find(const Value& request) {
  const std::string& name = text_field(request, "undo");
  const auto found = entries_.find(name);
  if (found == entries_.end()) bad_request("there is no undo manager \"" + name + "\"");
  return found->second;
}

Value::Object UndoManagers::changed(Entry& entry, bool any) {
  Value::Object answer = entry.document.take_changes();
  answer.insert(answer.begin(), {"changed", any});
  return answer;
}

Value::Object UndoManagers::undo(const Value& request) {
  Entry& entry = find(request);
  const bool any = entry.manager->undo().has_value();
  return changed(entry, any);
}

Value::Object UndoManagers::redo(const Value& request) {
  Entry& entry = find(request);
  const bool any = entry.manager->redo().has_value();
  return changed(entry, any);
}

Value::Object UndoManagers::stop_capturing(const Value& request) {
  find(request).manager->stop_capturing();
  return {};
}

Value::Object UndoManagers::clear(const Value& request) {
  find(request).manager->clear();
  return {};
}

Value::Object UndoManagers::stack(const Value& request) {
  const crdt::UndoManager& manager = *find(request).manager;
  return {{"undo", manager.undo_stack().size()}, {"redo", manager.redo_stack().size()}};
}

Value::Object UndoManagers::set_clock(const Value& request) {
  now_ms_ = static_cast<std::int64_t>(whole_field(request, "ms"));
  return {};
}

}  // namespace syncline::json_lines
