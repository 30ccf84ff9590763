// The rows B1 to B3 of the suite github.com/dmonad/crdt-benchmarks, at its size: the same edits in
// the same order with random numbers of our own, which bench/crdt_benchmarks.mjs gives the rivals.
//
// Timed is what the suite times: B1 the edits of one author, whose updates are kept; B2 two
// authors' transactions, each of which the other applies at once; B3 what many authors did at once,
// applied in one transaction.
#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "bench/jobs.hpp"
#include "bench/random.hpp"

namespace syncline::bench {
namespace {

constexpr std::uint32_t kEdits = 6000;
/// 20 √N, rounded as the suite does.
constexpr std::size_t kAuthors = 20 * 77;

/// A replica with one root of each kind.
struct Roots {
  explicit Roots(std::size_t author)
      : doc({.client = kFirstClient + author * kClientStep}),
        text(*doc.root("text", crdt::TypeKind::kText).value()),
        list(*doc.root("array", crdt::TypeKind::kArray).value()),
        map(*doc.root("map", crdt::TypeKind::kMap).value()) {}

  void apply(const Bytes& update) { (void)doc.apply_update_v1(update).value(); }
  friend bool operator==(const Roots& a, const Roots& b) {
    return a.text.string() == b.text.string() &&
           a.list.type().to_json() == b.list.type().to_json() &&
           a.map.type().to_json() == b.map.type().to_json();
  }

  crdt::Doc doc;
  crdt::Text text;
  crdt::Array list;
  crdt::Map map;
};

/// Text edits that were made up, and the text they lead to.
struct Typing {
  struct Edit {
    std::uint32_t at = 0;
    std::uint32_t removed = 0;
    std::string inserted;
  };
  void insert(std::uint32_t at, std::string word) {
    text.insert(at, word);
    edits.push_back({at, 0, std::move(word)});
  }
  void remove(std::uint32_t at, std::uint32_t count) {
    text.erase(at, count);
    edits.push_back({at, count, {}});
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(text.size()); }

  std::string text;
  std::vector<Edit> edits;
};

struct Numbers {
  struct Edit {
    std::uint32_t at = 0;
    std::vector<std::uint32_t> inserted;
  };
  void insert(std::uint32_t at, std::vector<std::uint32_t> added) {
    list.insert(list.begin() + at, added.begin(), added.end());
    edits.push_back({at, std::move(added)});
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(list.size()); }

  std::vector<std::uint32_t> list;
  std::vector<Edit> edits;
};

void apply(Roots& to, const Typing::Edit& edit) {
  if (edit.removed > 0) {
    to.text.remove(edit.at, edit.removed);
  } else {
    to.text.insert(edit.at, edit.inserted);
  }
}

void apply(Roots& to, const Numbers::Edit& edit) {
  std::vector<crdt::Input> values(edit.inserted.begin(), edit.inserted.end());
  SYNCLINE_CHECK(to.list.insert(edit.at, std::move(values)).ok(), "the index is within the list");
}

bool holds(const Roots& roots, const Typing& typing) { return roots.text.string() == typing.text; }

bool holds(const Roots& roots, const Numbers& numbers) {
  return roots.list.type().to_json() ==
         Value(Value::Array(numbers.list.begin(), numbers.list.end()));
}

std::size_t sum(const std::vector<Bytes>& updates) {
  std::size_t bytes = 0;
  for (const Bytes& update : updates) bytes += update.size();
  return bytes;
}

/// B1.
template <typename Edits>
void by_one(Run& run, const Edits& edits) {
  Roots one(0);
  Roots other(1);
  std::vector<Bytes> updates;
  const Handle listening = one.doc.on_update(
      [&](const Bytes& update, crdt::Transaction&) { updates.push_back(update); });
  run.timed([&] {
    for (const auto& edit : edits.edits) apply(one, edit);
  });
  for (const Bytes& update : updates) other.apply(update);
  run.check(holds(one, edits) && one == other);
  run.measured.edits = edits.edits.size();
  run.measured.update_bytes = sum(updates);
  run.measured.bytes = one.doc.encode_state_as_update_v1().size();
}

/// B2. `start`: what both have before.
void by_two(Run& run, const std::string& start, const Typing& first, const Typing& second) {
  Roots one(0);
  Roots other(1);
  std::size_t bytes = 0;
  const auto send = [&](Roots& to) {
    return [&](const Bytes& update, crdt::Transaction& transaction) {
      if (!transaction.local()) return;
      bytes += update.size();
      to.apply(update);
    };
  };
  const Handle there = one.doc.on_update(send(other));
  const Handle back = other.doc.on_update(send(one));
  one.text.insert(0, start);
  run.timed([&] {
    one.doc.transact([&](crdt::Transaction&) {
      for (const Typing::Edit& edit : first.edits) apply(one, edit);
    });
    other.doc.transact([&](crdt::Transaction&) {
      for (const Typing::Edit& edit : second.edits) apply(other, edit);
    });
  });
  run.check(one == other && !one.text.string().empty());
  run.measured.edits = first.edits.size() + second.edits.size();
  run.measured.update_bytes = bytes;
  run.measured.bytes = one.doc.encode_state_as_update_v1().size();
}

/// B3.
template <typename Change>
void by_many(Run& run, const Change& change) {
  std::deque<Roots> authors;
  std::vector<Bytes> updates;
  for (std::size_t i = 0; i < kAuthors; ++i) {
    Roots& author = authors.emplace_back(i);
    const Handle listening = author.doc.on_update(
        [&](const Bytes& update, crdt::Transaction&) { updates.push_back(update); });
    change(author, i);
  }
  const auto hear_all = [&](Roots& author) {
    author.doc.transact([&](crdt::Transaction&) {
      for (const Bytes& update : updates) author.apply(update);
    });
  };
  hear_all(authors[0]);
  run.timed([&] { hear_all(authors[1]); });
  run.check(authors[0] == authors[1]);
  run.measured.edits = updates.size();
  run.measured.update_bytes = sum(updates);
  run.measured.bytes = authors[0].doc.encode_state_as_update_v1().size();
}

// ---- what is typed

/// Words of `least` to `most` letters at random places.
Typing words_anywhere(Random& random, std::string start, std::uint32_t least, std::uint32_t most) {
  Typing typing{.text = std::move(start), .edits = {}};
  for (std::uint32_t i = 0; i < kEdits; ++i) {
    const std::uint32_t at = random.below(typing.size() + 1);
    typing.insert(at, random.word(least, most));
  }
  return typing;
}

/// A word, or at times a few letters less.
void insert_or_remove(Random& random, Typing& typing, std::uint32_t at) {
  if (at == typing.size() || random.below(2) == 1) {
    typing.insert(at, random.word(2, 10));
  } else {
    typing.remove(at, 1 + random.below(std::min<std::uint32_t>(9, typing.size() - at)));
  }
}

std::uint32_t number(Random& random) { return random.below(0x7fffffff); }

std::vector<std::uint32_t> many_numbers(Random& random) {
  std::vector<std::uint32_t> numbers(kEdits);
  for (std::uint32_t& one : numbers) one = number(random);
  return numbers;
}

// ---- one author

void append_letters(Run& run) {
  Random random;
  Typing typing;
  for (const char letter : random.word(kEdits, kEdits))
    typing.insert(typing.size(), std::string(1, letter));
  by_one(run, typing);
}

void insert_one_string(Run& run) {
  Random random;
  Typing typing;
  typing.insert(0, random.word(kEdits, kEdits));
  by_one(run, typing);
}

void prepend_letters(Run& run) {
  Random random;
  Typing typing;
  for (const char letter : random.word(kEdits, kEdits)) typing.insert(0, std::string(1, letter));
  by_one(run, typing);
}

void letters_at_random(Run& run) {
  Random random;
  by_one(run, words_anywhere(random, {}, 1, 1));
}

void words_at_random(Run& run) {
  Random random;
  by_one(run, words_anywhere(random, {}, 2, 10));
}

void insert_and_delete(Run& run) {
  Random random;
  Typing typing;
  typing.insert(0, random.word(kEdits, kEdits));
  typing.remove(0, kEdits);
  by_one(run, typing);
}

void insert_or_delete_anywhere(Run& run) {
  Random random;
  Typing typing;
  for (std::uint32_t i = 0; i < kEdits; ++i) {
    const std::uint32_t at = random.below(typing.size() + 1);
    insert_or_remove(random, typing, at);
  }
  by_one(run, typing);
}

void append_numbers(Run& run) {
  Random random;
  Numbers numbers;
  for (const std::uint32_t one : many_numbers(random)) numbers.insert(numbers.size(), {one});
  by_one(run, numbers);
}

void insert_many_numbers(Run& run) {
  Random random;
  Numbers numbers;
  numbers.insert(0, many_numbers(random));
  by_one(run, numbers);
}

void prepend_numbers(Run& run) {
  Random random;
  Numbers numbers;
  for (const std::uint32_t one : many_numbers(random)) numbers.insert(0, {one});
  by_one(run, numbers);
}

void numbers_anywhere(Run& run) {
  Random random;
  Numbers numbers;
  for (std::uint32_t i = 0; i < kEdits; ++i) {
    const std::uint32_t at = random.below(numbers.size() + 1);
    numbers.insert(at, {number(random)});
  }
  by_one(run, numbers);
}

// ---- two authors

void two_strings(Run& run) {
  Random random;
  const std::string start = random.word(100, 100);
  Typing first;
  Typing second;
  first.insert(0, random.word(kEdits, kEdits));
  second.insert(0, random.word(kEdits, kEdits));
  by_two(run, start, first, second);
}

void two_typing(Run& run, std::uint32_t least, std::uint32_t most) {
  Random random;
  const std::string start = random.word(100, 100);
  const Typing first = words_anywhere(random, start, least, most);
  const Typing second = words_anywhere(random, start, least, most);
  by_two(run, start, first, second);
}

void two_typing_letters(Run& run) { two_typing(run, 1, 1); }
void two_typing_words(Run& run) { two_typing(run, 3, 9); }

void two_inserting_and_deleting(Run& run) {
  Random random;
  const std::string start = random.word(100, 100);
  const auto typing = [&] {
    Typing made{.text = start, .edits = {}};
    for (std::uint32_t i = 0; i < kEdits; ++i) {
      const std::uint32_t at = random.below(made.size() + 1);
      made.insert(at, random.word(3, 9));
      insert_or_remove(random, made, at);
    }
    return made;
  };
  const Typing first = typing();
  const Typing second = typing();
  by_two(run, start, first, second);
}

// ---- many authors

void many_setting_a_number(Run& run) {
  by_many(run, [](Roots& author, std::size_t i) { author.map.set("v", Value(i)); });
}

void many_setting_an_object(Run& run) {
  by_many(run, [](Roots& author, std::size_t i) {
    author.map.set("v", Value::object({{"name", std::to_string(i)}, {"address", "here"}}));
  });
}

void many_setting_a_string(Run& run) {
  by_many(run, [](Roots& author, std::size_t i) {
    std::string text;
    for (std::size_t n = 0; n < kAuthors; ++n) text += std::to_string(i);
    author.map.set("v", Value(std::move(text)));
  });
}

void many_inserting(Run& run) {
  by_many(run, [](Roots& author, std::size_t i) {
    SYNCLINE_CHECK(author.list.insert(0, {Value(std::to_string(i))}).ok(), "strings fit in lists");
  });
}

constexpr Job kJobs[] = {
    {"b1.1", append_letters},
    {"b1.2", insert_one_string},
    {"b1.3", prepend_letters},
    {"b1.4", letters_at_random},
    {"b1.5", words_at_random},
    {"b1.6", insert_and_delete},
    {"b1.7", insert_or_delete_anywhere},
    {"b1.8", append_numbers},
    {"b1.9", insert_many_numbers},
    {"b1.10", prepend_numbers},
    {"b1.11", numbers_anywhere},
    {"b2.1", two_strings},
    {"b2.2", two_typing_letters},
    {"b2.3", two_typing_words},
    {"b2.4", two_inserting_and_deleting},
    {"b3.1", many_setting_a_number},
    {"b3.2", many_setting_an_object},
    {"b3.3", many_setting_a_string},
    {"b3.4", many_inserting},
};

}  // namespace

std::span<const Job> crdt_benchmarks() { return kJobs; }

}  // namespace syncline::bench
