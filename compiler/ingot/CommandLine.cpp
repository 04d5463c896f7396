//===- CommandLine.cpp - slips of the pen on the command line --------------------------------===//
#include "compiler/frontend/Spelling.h"
#include "compiler/ingot/Commands.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;
namespace ingot {

/// "did you mean WHAT?", or `otherwise`.
static std::string question(const std::optional<std::string> &what, const std::string &otherwise) {
  return what ? "did you mean " + *what + "?" : otherwise;
}

static std::string helpOf(const CLI::App &app) {
  return "see 'ingot " + (app.get_parent() ? app.get_name() + " " : std::string()) + "--help'";
}

/// The option of `app` that `given` was to be: "--target" for "-target". None of one letter: any would do.
static std::optional<std::string> meantOption(const CLI::App &app, StringRef given) {
  std::vector<std::string> names;
  for (const CLI::Option *option : app.get_options())
    append_range(names, option->get_lnames());
  auto name = nearest(given.ltrim('-'), names);
  return name ? std::optional("--" + *name) : std::nullopt;
}

static bool isOption(StringRef word) { return word.size() > 1 && word.starts_with("-") && word != "--"; }

/// Reports what stands on the line and `app` does not know: options, or words where all options are known,
/// since the value of an option that is not known looks like a word too. Whether there was anything to
/// report.
static bool complainOfRest(const CLI::App &app) {
  std::vector<std::string> rest = app.remaining();
  llvm::erase(rest, "--");
  bool onlyOptions = any_of(rest, isOption);
  for (StringRef word : rest) {
    StringRef name = word.split('=').first;
    if (isOption(word))
      complain(name + ": no such option" + (app.get_parent() ? "" : " before the command"),
               question(meantOption(app, name),
                        (app.get_parent() ? "" : "options stand behind the command, ") + helpOf(app)));
    else if (!onlyOptions)
      complain("'" + word + "' is one argument too many", helpOf(app));
  }
  return !rest.empty();
}

void complainOfCommand(const CLI::App &app, StringRef given) {
  std::vector<std::string> names;
  for (const CLI::App *command : app.get_subcommands(nullptr))
    names.push_back(command->get_name());
  std::optional<std::string> meant = nearest(given.str(), names);
  if (!meant && sys::fs::exists(given) && !sys::fs::is_directory(given))
    complain("'" + given + "' stands in the place of a command",
             "write 'ingot compile " + given + "', or " + helpOf(app));
  else
    complain("unknown command '" + given + "'",
             question(meant ? std::optional("'" + *meant + "'") : std::nullopt, helpOf(app)));
}

void complainOfLine(const CLI::App &app, const CLI::ParseError &error) {
  const CLI::App *command = &app;
  if (auto parsed = app.get_subcommands(); !parsed.empty())
    command = parsed.front();
  bool isSaid = complainOfRest(app);
  if (command != &app)
    isSaid |= complainOfRest(*command);
  // A misspelt option takes the place of what was expected behind it: say what is wrong, not what follows
  // from it. What is wrong with the value of another option does not.
  bool follows = is_contained({int(CLI::ExitCodes::ExtrasError), int(CLI::ExitCodes::RequiredError)},
                              error.get_exit_code());
  if (!isSaid || !follows)
    complain(error.what(), helpOf(*command));
}

} // namespace ingot
