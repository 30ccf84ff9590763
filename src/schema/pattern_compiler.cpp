// Reading a pattern: ECMAScript's grammar with the flag u, by recursive descent, straight into
// instructions. A counted repetition is read again for each time it may repeat.
#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "encoding/utf16.hpp"
#include "schema/pattern.hpp"
#include "schema/tuning.hpp"

namespace syncline::schema {
namespace {

using Instruction = Pattern::Instruction;
using Kind = Instruction::Kind;

constexpr std::uint32_t kForEver = std::numeric_limits<std::uint32_t>::max();

CodePoints made_of(std::initializer_list<CodePoints::Range> ranges) {
  CodePoints out;
  for (const auto& [first, last] : ranges) out.add(first, last);
  out.finish();
  return out;
}

CodePoints digits() { return made_of({{'0', '9'}}); }
CodePoints word() { return made_of({{'a', 'z'}, {'A', 'Z'}, {'0', '9'}, {'_', '_'}}); }
/// ECMAScript's WhiteSpace and LineTerminator.
CodePoints space() {
  return made_of({{'\t', '\r'},
                  {' ', ' '},
                  {0xa0, 0xa0},
                  {0x1680, 0x1680},
                  {0x2000, 0x200a},
                  {0x2028, 0x2029},
                  {0x202f, 0x202f},
                  {0x205f, 0x205f},
                  {0x3000, 0x3000},
                  {0xfeff, 0xfeff}});
}
CodePoints all_but_line_ends() {
  return made_of({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}).complement();
}

std::optional<unsigned> hexadecimal(char32_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

bool is_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_punctuation(char32_t c) {
  return c > ' ' && c < 127 && !is_letter(c) && !is_digit(c) && c != '_';
}

}  // namespace

/// Errors are thrown to compile(), which is the only one to catch them.
class PatternCompiler {
 public:
  explicit PatternCompiler(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      const encoding::CodePoint decoded = encoding::decode_at(text, at);
      text_.push_back(decoded.value);
      at += decoded.bytes;
    }
  }

  Pattern compile() {
    if (text_.size() > kPatternCharacters)
      throw Error(Code::kTooLarge,
                  "it has more than " + std::to_string(kPatternCharacters) + " characters");
    disjunction();
    if (more()) fail("this ) closes nothing");
    emit({Kind::kMatch});
    out_.anchored_ = out_.instructions_.front().kind == Kind::kStart;
    return std::move(out_);
  }

 private:
  struct Fragment {
    std::size_t text_from = 0;
    std::size_t code_from = 0;
  };
  struct Bounds {
    std::uint32_t least = 1;
    std::uint32_t most = 1;
  };

  // ---- text ----

  bool more() const { return at_ < text_.size(); }
  char32_t peek() const { return text_[at_]; }
  bool next_is(char32_t c) const { return more() && peek() == c; }
  bool take(char32_t c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }
  char32_t take_any(const char* wanted) {
    if (!more()) fail(std::string("it ends where ") + wanted + " should be");
    return text_[at_++];
  }
  [[noreturn]] void fail(const std::string& why) const {
    throw Error(Code::kMalformed, why + " (at character " + std::to_string(at_) + ")");
  }

  // ---- code ----

  std::uint32_t here() const { return static_cast<std::uint32_t>(out_.instructions_.size()); }
  std::uint32_t emit(Instruction instruction) {
    // Those of a part that may not be there at all ({0}) count too: they take the time.
    if (++emitted_ > kPatternInstructions)
      throw Error(Code::kTooLarge, "it takes more than " + std::to_string(kPatternInstructions) +
                                       " instructions: repeat less");
    out_.instructions_.push_back(instruction);
    return here() - 1;
  }
  void emit_set(CodePoints set) {
    out_.sets_.push_back(std::move(set));
    emit({Kind::kSet, static_cast<std::uint32_t>(out_.sets_.size() - 1)});
  }
  /// Puts an instruction before what begins at `from`, whose targets move with it.
  void insert(std::size_t from, Instruction instruction) {
    emit(Instruction());
    auto& code = out_.instructions_;
    const auto place = code.begin() + static_cast<std::ptrdiff_t>(from);
    std::move_backward(place, code.end() - 1, code.end());
    *place = instruction;
    for (std::size_t i = from + 1; i < code.size(); ++i) {
      if (code[i].kind != Kind::kSplit && code[i].kind != Kind::kJump) continue;
      ++code[i].a;
      ++code[i].b;
    }
  }

  // ---- grammar ----

  void disjunction() {
    if (++nesting_ > kPatternNesting)
      throw Error(Code::kTooLarge,
                  "its groups nest deeper than " + std::to_string(kPatternNesting));
    const std::size_t begin = here();
    std::vector<std::uint32_t> ends;
    alternative();
    while (take('|')) {
      // Both ways from the start: into what was read so far, and past it.
      insert(begin, {Kind::kSplit, static_cast<std::uint32_t>(begin + 1), 0});
      for (std::uint32_t& end : ends) ++end;
      ends.push_back(emit({Kind::kJump}));
      out_.instructions_[begin].b = here();
      alternative();
    }
    for (const std::uint32_t end : ends) out_.instructions_[end].a = here();
    --nesting_;
  }

  void alternative() {
    while (more() && peek() != '|' && peek() != ')') term();
  }

  void term() {
    const Fragment atom{at_, here()};
    if (assertion()) {
      if (more() && (peek() == '*' || peek() == '+' || peek() == '?' || peek() == '{'))
        fail("an assertion cannot be repeated");
      return;
    }
    this->atom();
    const Bounds bounds = quantifier();
    const std::size_t end = at_;
    // What takes no instruction matches nothing however often.
    if (here() > atom.code_from) repeat(atom, bounds);
    at_ = end;
  }

  bool assertion() {
    if (take('^')) {
      emit({Kind::kStart});
    } else if (take('$')) {
      emit({Kind::kEnd});
    } else if (next_is('\\') && at_ + 1 < text_.size() &&
               (text_[at_ + 1] == 'b' || text_[at_ + 1] == 'B')) {
      emit({text_[at_ + 1] == 'b' ? Kind::kBoundary : Kind::kNotBoundary});
      at_ += 2;
    } else {
      return false;
    }
    return true;
  }

  void atom() {
    const char32_t c = take_any("an atom");
    switch (c) {
      case '.':
        return emit_set(all_but_line_ends());
      case '(':
        return group();
      case '[':
        return emit_set(character_class());
      case '\\':
        return emit_set(escape(false));
      case '*':
      case '+':
      case '?':
        --at_;
        fail("there is nothing to repeat");
      case '{':
      case '}':
      case ']':
        --at_;
        fail(std::string("a ") + static_cast<char>(c) + " that is meant is written \\" +
             static_cast<char>(c));
      default:
        return emit_set(made_of({{c, c}}));
    }
  }

  void group() {
    if (take('?') && !take(':')) {
      if (!take('<') || next_is('=') || next_is('!'))
        fail("looking ahead or behind is not possible here");
      // What it is called makes no difference.
      for (char32_t c = 0; c != '>';) c = take_any("the end of a group's name");
    }
    disjunction();
    if (!take(')')) fail("a group is not closed");
  }

  Bounds quantifier() {
    Bounds out;
    if (take('*')) {
      out = {0, kForEver};
    } else if (take('+')) {
      out = {1, kForEver};
    } else if (take('?')) {
      out = {0, 1};
    } else if (take('{')) {
      out.least = out.most = number();
      if (take(',')) out.most = next_is('}') ? kForEver : number();
      if (!take('}')) fail("a { that is meant is written \\{, a repetition {2}, {2,} or {2,5}");
      if (out.most < out.least) fail("a repetition's bounds are out of order");
    } else {
      return out;
    }
    take('?');  // Lazy or not: the same texts match.
    return out;
  }

  std::uint32_t number() {
    if (!more() || !is_digit(peek()))
      fail("a { that is meant is written \\{, a repetition {2}, {2,} or {2,5}");
    std::uint64_t out = 0;
    while (more() && is_digit(peek()))
      out = std::min<std::uint64_t>(out * 10 + (text_[at_++] - '0'), kForEver - 1);
    return static_cast<std::uint32_t>(out);
  }

  /// `first` was read once already.
  void repeat(const Fragment& first, Bounds bounds) {
    const auto again = [&] {
      at_ = first.text_from;
      atom();
    };
    const auto optional = [&](std::size_t from) {
      insert(from, {Kind::kSplit, static_cast<std::uint32_t>(from + 1), here() + 1});
    };
    const std::size_t begin = first.code_from;
    if (bounds.most == 0) {
      out_.instructions_.resize(begin);
      return;
    }
    if (bounds.most == kForEver) {
      std::size_t last = begin;
      for (std::uint32_t i = 1; i < bounds.least; ++i) {
        last = here();
        again();
      }
      const auto target = static_cast<std::uint32_t>(last);
      if (bounds.least == 0) {
        insert(begin, {Kind::kSplit, target + 1, 0});
        emit({Kind::kJump, target});
        out_.instructions_[begin].b = here();
      } else {
        emit({Kind::kSplit, target, here() + 1});
      }
      return;
    }
    std::vector<std::uint32_t> splits;
    if (bounds.least == 0) {
      if (bounds.most == 1) return optional(begin);
      insert(begin, {Kind::kSplit, static_cast<std::uint32_t>(begin + 1), 0});
      splits.push_back(static_cast<std::uint32_t>(begin));
    }
    for (std::uint32_t i = 1; i < bounds.most; ++i) {
      if (i >= bounds.least) splits.push_back(emit({Kind::kSplit, here() + 1, 0}));
      again();
    }
    for (const std::uint32_t split : splits) out_.instructions_[split].b = here();
  }

  // ---- sets and escapes ----

  CodePoints character_class() {
    const bool negated = take('^');
    CodePoints out;
    while (!take(']')) {
      std::optional<char32_t> first;
      const CodePoints one = class_atom(first);
      const bool range = next_is('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
      if (!range) {
        out.add(one);
        continue;
      }
      ++at_;
      std::optional<char32_t> last;
      (void)class_atom(last);
      if (!first || !last) fail("a range has a single character at each end");
      if (*first > *last) fail("a range is out of order");
      out.add(*first, *last);
    }
    out.finish();
    return negated ? out.complement() : out;
  }

  /// `single` where it is one character.
  CodePoints class_atom(std::optional<char32_t>& single) {
    const char32_t c = take_any("the ] of a class");
    if (c == '\\') return escape(true, &single);
    single = c;
    return made_of({{c, c}});
  }

  /// After the backslash.
  CodePoints escape(bool in_class, std::optional<char32_t>* single = nullptr) {
    const char32_t c = take_any("an escaped character");
    switch (c) {
      case 'd':
        return digits();
      case 'D':
        return digits().complement();
      case 'w':
        return word();
      case 'W':
        return word().complement();
      case 's':
        return space();
      case 'S':
        return space().complement();
      case 'p':
      case 'P':
        fail("\\p{…} is not possible here: name the ranges");
      default:
        break;
    }
    const char32_t one = character_escape(c, in_class);
    if (single != nullptr) *single = one;
    return made_of({{one, one}});
  }

  char32_t character_escape(char32_t c, bool in_class) {
    switch (c) {
      case 't':
        return '\t';
      case 'n':
        return '\n';
      case 'v':
        return '\v';
      case 'f':
        return '\f';
      case 'r':
        return '\r';
      case 'x':
        return hex_digits(2);
      case 'u':
        return unicode_escape();
      case 'c': {
        const char32_t letter = take_any("a letter after \\c");
        if (!is_letter(letter)) fail("after \\c comes a letter");
        return letter % 32;
      }
      case '0':
        if (more() && is_digit(peek())) fail("octal escapes are not possible here: use \\x");
        return 0;
      case 'b':
        if (in_class) return '\b';
        break;
      default:
        break;
    }
    if (is_punctuation(c)) return c;
    if (is_digit(c) || c == 'k') fail("backreferences are not possible here");
    fail("this escape means nothing");
  }

  char32_t hex_digits(int count) {
    char32_t out = 0;
    for (int i = 0; i < count; ++i) {
      const auto digit = hexadecimal(take_any("a hexadecimal digit"));
      if (!digit) fail("this is no hexadecimal digit");
      out = out * 16 + *digit;
    }
    return out;
  }

  char32_t unicode_escape() {
    if (!take('{')) {
      const char32_t unit = hex_digits(4);
      const bool pair = encoding::is_high_surrogate(unit) && at_ + 1 < text_.size() &&
                        text_[at_] == '\\' && text_[at_ + 1] == 'u';
      if (!pair) return unit;
      const std::size_t back = at_;
      at_ += 2;
      if (!next_is('{')) {
        const char32_t low = hex_digits(4);
        if (encoding::is_low_surrogate(low)) return encoding::join_surrogates(unit, low);
      }
      at_ = back;
      return unit;
    }
    char32_t out = 0;
    do {
      const auto digit = hexadecimal(take_any("a hexadecimal digit"));
      if (!digit) fail("this is no hexadecimal digit");
      out = out * 16 + *digit;
      if (out > 0x10ffff) fail("there are no code points beyond 10FFFF");
    } while (!next_is('}') && more());
    if (!take('}')) fail("\\u{ is not closed");
    return out;
  }

  std::u32string text_;
  std::size_t at_ = 0;
  std::size_t nesting_ = 0;
  std::size_t emitted_ = 0;
  Pattern out_;
};

Result<Pattern> Pattern::compile(std::string_view text) {
  try {
    return PatternCompiler(text).compile();
  } catch (const Error& error) {
    return error;
  }
}

}  // namespace syncline::schema
