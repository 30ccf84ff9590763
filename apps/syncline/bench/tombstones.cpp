#include "bench/tombstones.hpp"

#include <optional>
#include <string>
#include <vector>

#include "bench/random.hpp"
#include "bench/replica.hpp"
#include "crdt/update.hpp"
#include "encoding/lib0.hpp"

namespace syncline::bench {
namespace {

/// One in so many words begins somewhere else.
constexpr std::uint32_t kWordsInAPlace = 16;
constexpr std::uint32_t kNoWord = ~std::uint32_t{0};

struct Word {
  std::uint32_t clock = 0;
  std::uint32_t length = 0;
  std::uint32_t next = kNoWord;
};

class Writing {
 public:
  /// The next word, in place, before the one before it or behind one anywhere.
  void add(encoding::Writer& out) {
    const auto index = static_cast<std::uint32_t>(words_.size());
    if (index > 0 && random_.below(kWordsInAPlace) == 0) {
      left_ = random_.below(index);
      right_ = words_[left_].next;
    }
    const Word word{units_, 1 + random_.below(8), right_};
    write(out, word);
    words_.push_back(word);
    if (left_ != kNoWord) words_[left_].next = index;
    right_ = index;
    units_ += word.length;
  }
  std::size_t count() const { return words_.size(); }
  std::uint32_t units() const { return units_; }

 private:
  void write(encoding::Writer& out, const Word& word) const {
    constexpr std::uint8_t kOrigin = 0x80;
    constexpr std::uint8_t kRightOrigin = 0x40;
    std::uint8_t info = static_cast<std::uint8_t>(crdt::StructKind::kDeleted);
    if (left_ != kNoWord) info |= kOrigin;
    if (right_ != kNoWord) info |= kRightOrigin;
    out.u8(info);
    if (left_ != kNoWord) {
      out.var_uint(kFirstClient);
      out.var_uint(words_[left_].clock + words_[left_].length - 1);
    }
    if (right_ != kNoWord) {
      out.var_uint(kFirstClient);
      out.var_uint(words_[right_].clock);
    }
    if (left_ == kNoWord && right_ == kNoWord) {
      out.var_uint(1);  // a root
      out.var_string("text");
    }
    out.var_uint(word.length);
  }

  Random random_;
  std::vector<Word> words_;
  /// Between which the next word goes.
  std::uint32_t left_ = kNoWord;
  std::uint32_t right_ = kNoWord;
  std::uint32_t units_ = 0;
};

}  // namespace

Tombstones make_tombstones(std::size_t bytes) {
  Writing writing;
  encoding::Writer structs;
  while (structs.size() < bytes) writing.add(structs);
  encoding::Writer out;
  out.var_uint(1);
  out.var_uint(writing.count());
  out.var_uint(kFirstClient);
  out.var_uint(0);
  out.raw(structs.take());
  crdt::DeleteSet deletes;
  deletes.add(kFirstClient, 0, writing.units());
  deletes.write_v1(out);
  return {out.take(), kFirstClient, writing.count(), writing.units()};
}

}  // namespace syncline::bench
