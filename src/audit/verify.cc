#include "audit/verify.h"

#include <algorithm>

#include "audit/chain.h"
#include "audit/files.h"
#include "audit/limits.h"
#include "audit/record.h"
#include "base/text.h"

namespace aileron::audit {
namespace {

using store::Statement;

class Verifier {
 public:
  Verifier(const store::Database& database, Identity identity, crypto::PublicKey key)
      : database_(database), identity_(std::move(identity)), key_(key) {
    before_ = ChainStart(identity_.id);
  }

  void Report(std::uint64_t seq, std::string what) {
    if (report_.problems.size() < limits::kProblemsMax) {
      report_.problems.push_back({seq, std::move(what)});
    }
  }

  Status Run() {
    AILERON_ASSIGN(checkpoints_, database_.Prepare("SELECT seq, hash, time_us, signature FROM "
                                                   "checkpoints ORDER BY seq"));
    AILERON_TRY(NextCheckpoint());
    AILERON_ASSIGN(auto rows, database_.Prepare("SELECT seq, time_us, session, body, hash FROM "
                                                "records ORDER BY seq"));
    while (true) {
      AILERON_ASSIGN(const auto next, rows.Step());
      if (next == Statement::Next::kDone) break;
      CheckRecord(rows);
      AILERON_TRY(CheckCheckpoints());
    }
    while (checkpoint_) {
      Report(
          checkpoint_->seq,
          fmt::format("a checkpoint was signed for record {}, which is missing", checkpoint_->seq));
      AILERON_TRY(NextCheckpoint());
    }
    CheckHead();
    return {};
  }

  VerifyReport Take() { return std::move(report_); }
  std::uint64_t last_seq() const { return report_.last_seq; }

 private:
  void CheckRecord(const Statement& row) {
    const auto seq = static_cast<std::uint64_t>(row.Integer(0));
    const std::string_view body = row.Text(3);
    const std::uint64_t expected = report_.last_seq + 1;
    bool gap = false;
    if (seq != expected) {
      gap = true;
      const bool one = seq == expected + 1;
      Report(expected, one ? fmt::format("record {} is missing", expected)
                           : fmt::format("records {} to {} are missing", expected, seq - 1));
    }
    crypto::Digest hash{};
    const bool sized = CopyBytes(row.Blob(4), hash);
    const crypto::Digest linked = ChainLink(before_, seq, body);
    // After a record whose hash is wrong, either its text or its hash may have been changed: the
    // next one tells which, since it was linked to the true hash.
    const bool chained = sized && (hash == linked ||
                                   (other_before_ && hash == ChainLink(*other_before_, seq, body)));
    other_before_.reset();
    const std::string prefix = BodyPrefix(seq, row.Integer(1), row.Text(2));
    if (!gap && !chained) {
      Report(seq, ExplainBroken(seq, body));
      other_before_ = linked;
    } else if (!body.starts_with(prefix)) {
      Report(seq,
             body.starts_with(fmt::format("{{\"seq\":{},", seq))
                 ? fmt::format("the time or session that record {} is found by was edited", seq)
                 : ExplainBroken(seq, body));
    } else if (body.find("\"kind\":\"audit_break\"") != std::string_view::npos) {
      Report(seq, fmt::format("record {} says that the log was damaged before it: {}", seq,
                              DetailOf(body)));
    }
    before_ = hash;
    report_.last_seq = seq;
    ++report_.records;
  }

  static std::string ExplainBroken(std::uint64_t seq, std::string_view body) {
    // A text that names another number was written for another place.
    if (body.starts_with("{\"seq\":")) {
      const std::string_view rest = body.substr(7);
      const auto said = ParseInteger<std::uint64_t>(rest.substr(0, rest.find(',')));
      if (said && *said != seq) {
        return fmt::format("record {} was reordered: its text is that of record {}", seq, *said);
      }
    }
    return fmt::format("record {} was edited", seq);
  }

  // Our own words: no quotes inside.
  static std::string_view DetailOf(std::string_view body) {
    constexpr std::string_view kKey = "\"detail\":\"";
    const auto at = body.find(kKey);
    if (at == std::string_view::npos) return "no detail";
    body.remove_prefix(at + kKey.size());
    return body.substr(0, body.find('"'));
  }

  Status NextCheckpoint() {
    checkpoint_.reset();
    AILERON_ASSIGN(const auto next, checkpoints_->Step());
    if (next == Statement::Next::kDone) return {};
    ++report_.checkpoints;
    Head head;
    head.seq = static_cast<std::uint64_t>(checkpoints_->Integer(0));
    head.time_us = checkpoints_->Integer(2);
    // Bytes of the wrong length stay zeros, and those are no signature.
    (void)CopyBytes(checkpoints_->Blob(1), head.hash);
    (void)CopyBytes(checkpoints_->Blob(3), head.signature);
    checkpoint_ = head;
    return {};
  }

  // The checkpoints up to the record that was just checked.
  Status CheckCheckpoints() {
    while (checkpoint_ && checkpoint_->seq <= report_.last_seq) {
      const std::uint64_t seq = checkpoint_->seq;
      if (!VerifyHead(HeadKind::kCheckpoint, identity_.id, *checkpoint_, key_)) {
        Report(seq, fmt::format("the signature of the checkpoint at record {} is wrong", seq));
      } else if (seq < report_.last_seq) {
        Report(seq, fmt::format("a checkpoint was signed for record {}, which is missing", seq));
      } else if (checkpoint_->hash != before_) {
        Report(seq, fmt::format("the chain up to record {} is not the one that was signed: records "
                                "after {} were rewritten",
                                seq, good_checkpoint_));
      } else {
        good_checkpoint_ = seq;
      }
      AILERON_TRY(NextCheckpoint());
    }
    return {};
  }

  void CheckHead() {
    const std::uint64_t last = report_.last_seq;
    if (!identity_.head) {
      if (last != 0) Report(0, "the signed head is missing from the database");
      return;
    }
    const Head& head = *identity_.head;
    if (!VerifyHead(HeadKind::kHead, identity_.id, head, key_)) {
      Report(head.seq, "the signature of the head in the database is wrong");
    } else if (head.seq > last) {
      Report(last + 1, fmt::format("the log is cut short: records {} to {} are missing at its end",
                                   last + 1, head.seq));
    } else if (head.seq < last) {
      Report(head.seq + 1, fmt::format("records {} to {} were added by something that cannot sign",
                                       head.seq + 1, last));
    } else if (head.hash != before_) {
      Report(last, fmt::format("the chain up to record {} is not the one that was signed: records "
                               "after {} were rewritten",
                               last, good_checkpoint_));
    }
  }

  const store::Database& database_;
  const Identity identity_;
  const crypto::PublicKey key_;
  crypto::Digest before_{};
  std::optional<crypto::Digest> other_before_;
  std::optional<Statement> checkpoints_;
  std::optional<Head> checkpoint_;
  std::uint64_t good_checkpoint_ = 0;
  VerifyReport report_;
};

}  // namespace

Result<VerifyReport> VerifyLog(const LogPaths& paths) {
  // The head file first: it is written behind the database, so a writer that goes on meanwhile can
  // only make the database newer.
  const auto head_file = ReadHeadFile(paths.head);
  AILERON_ASSIGN(const auto database, store::Database::Open({.path = paths.database,
                                                             .what = "audit log",
                                                             .access = store::Access::kReadOnly}));
  AILERON_TRY(database->Execute("BEGIN"));
  AILERON_ASSIGN(const auto identity, ReadIdentity(*database));
  if (!identity) return VerifyReport{};
  const auto key = ReadKey(paths.key);
  const crypto::PublicKey public_key = key ? key->public_key() : identity->public_key;
  Verifier verifier(*database, *identity, public_key);
  if (!key) {
    verifier.Report(0,
                    "the signing key cannot be read, so signatures are held against the key in "
                    "the database: " +
                        key.error().message);
  } else if (public_key != identity->public_key) {
    verifier.Report(0, "the key in the database is not the one in audit.key");
  }
  if (const auto walked = verifier.Run(); !walked) {
    verifier.Report(verifier.last_seq() + 1,
                    fmt::format("the log cannot be read beyond record {}: {}", verifier.last_seq(),
                                walked.error().message));
    return verifier.Take();
  }
  AILERON_ASSIGN(const auto compared, CompareHead(*database, *identity, head_file, public_key));
  // A log cut short is told once: the head in the database may have said the same.
  VerifyReport report = verifier.Take();
  const bool told = std::ranges::any_of(
      report.problems, [&](const Problem& problem) { return problem.what == compared; });
  if (!compared.empty() && !told) {
    const bool beyond = head_file && head_file->head.seq > report.last_seq;
    report.problems.push_back({beyond ? report.last_seq + 1 : 0, compared});
  }
  return report;
}

}  // namespace aileron::audit
