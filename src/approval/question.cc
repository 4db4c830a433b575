#include "approval/question.h"

#include "approval/arguments.h"
#include "approval/limits.h"
#include "approval/shown_text.h"
#include "base/text.h"

namespace aileron::approval {

namespace {

Status CheckBounds(const Question& question, Time now) {
  if (question.session.empty() || question.session.size() > limits::kSessionMax ||
      Printable(question.session) != question.session) {
    return Fail(Code::kInvalid, "a question needs the id of its session");
  }
  if (question.key.empty() || question.key.size() > limits::kKeyMax) {
    return Fail(Code::kInvalid, "a question needs a key of 1 to {} bytes; this has {}",
                limits::kKeyMax, question.key.size());
  }
  if (question.call.size() > limits::kCallMax || Printable(question.call) != question.call) {
    return Fail(Code::kInvalid, "the name of a call has at most {} visible characters",
                limits::kCallMax);
  }
  if (question.title.empty()) {
    return Fail(Code::kInvalid, "a question needs a title: nobody can decide on nothing");
  }
  if (question.fields.size() > limits::kFields) {
    return Fail(Code::kInvalid, "a question has at most {} fields; this has {}", limits::kFields,
                question.fields.size());
  }
  if (question.expires <= now) {
    return Fail(Code::kInvalid, "a question has to end later than it begins; this ends at {}",
                FormatTime(question.expires));
  }
  return {};
}

Status CheckEditable(const Question& question) {
  if (question.editable.size() > limits::kEditable) {
    return Fail(Code::kInvalid, "at most {} arguments can be editable; here are {}",
                limits::kEditable, question.editable.size());
  }
  for (const std::string& name : question.editable) {
    if (name.empty() || ShownText(name, limits::kFieldNameMax) != name) {
      return Fail(Code::kInvalid, "\"{}\" cannot be the name of an editable argument",
                  ShownText(name, limits::kFieldNameMax));
    }
  }
  return {};
}

Question Shown(const Question& asked) {
  Question shown = asked;
  shown.agent = ShownText(asked.agent, limits::kTitleMax);
  shown.project = ShownText(asked.project, limits::kPathMax);
  shown.key = ShownText(asked.key, limits::kKeyShownMax);
  shown.title = ShownText(asked.title, limits::kTitleMax);
  for (Field& field : shown.fields) {
    field.name = ShownText(field.name, limits::kFieldNameMax);
    field.value = ShownText(field.value, limits::kFieldValueMax);
  }
  shown.opens = ShownText(asked.opens, limits::kLineMax);
  shown.credential = ShownText(asked.credential, limits::kLineMax);
  shown.preview = ShownText(asked.preview, limits::kPreviewMax, Lines::kMany);
  return shown;
}

}  // namespace

Result<CheckedQuestion> Check(const Question& question, Time now) {
  AILERON_TRY(CheckBounds(question, now));
  AILERON_TRY(CheckEditable(question));
  if (!question.arguments.empty()) AILERON_TRY(CheckArguments(question.arguments));
  CheckedQuestion checked{.question = Shown(question)};
  std::size_t bytes = 0;
  for (const Field& field : checked.question.fields)
    bytes += field.name.size() + field.value.size();
  if (bytes > limits::kFieldsMax) {
    return Fail(Code::kInvalid, "the fields of a question hold at most {} bytes; these hold {}",
                limits::kFieldsMax, bytes);
  }
  // Each part is hashed by itself, so that none can reach into the next.
  const auto both = [](std::string_view a, std::string_view b) {
    return crypto::Sha256()
        .Update(crypto::AsText(crypto::Hash(a)))
        .Update(crypto::AsText(crypto::Hash(b)))
        .Finish();
  };
  checked.topic = both(SubjectName(question.subject), question.key);
  const crypto::Digest asker = both(question.session, crypto::AsText(checked.topic));
  checked.same = both(crypto::AsText(asker), question.arguments);
  return checked;
}

}  // namespace aileron::approval
