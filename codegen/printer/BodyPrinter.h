//===- BodyPrinter.h - regions of scf, arith, math, memref, vector as C++ statements -------===//
//
// What kernels and entries share. A value with one use in its own block becomes part of the expression that uses
// it; loads wait no longer than the next write. Everything else becomes a named constant, in program order.
//
//===----------------------------------------------------------------------------------------===//
#ifndef INGOT_CODEGEN_PRINTER_BODYPRINTER_H
#define INGOT_CODEGEN_PRINTER_BODYPRINTER_H

#include "codegen/printer/CText.h"
#include "codegen/targets/Machine.h"

namespace ingot::printer {

/// Binding strength of C++ operators; an operand of less strength than its place needs gets parentheses.
enum Precedence {
  Ternary = 2, LogicalOr, LogicalAnd, BitOr, BitXor, BitAnd, Equality, Relation, Shift, Sum, Product, Unary, Primary
};

struct Expr {
  std::string text;
  int precedence = Primary;
  std::string type = {};    // C type
  bool literal = false;     // a number, typed by its context
  bool reads = false;       // reads memory: must not move behind a write
  // The outermost operator, for `x += y`.
  std::string op = {}, left = {}, right = {};
  int leftPrecedence = Primary;
  // A product in which something is divided: its factors must not change their order. Of the whole, and of `left`.
  bool divides = false, leftDivides = false;
};

class BodyPrinter {
public:
  BodyPrinter(const Machine &machine, mlir::Operation *function) : machine(machine), function(function) {}
  virtual ~BodyPrinter() = default;

protected:
  // ---- values
  void countUses(mlir::Operation *root);
  bool isLive(mlir::Operation *op) { return live.contains(op); }
  void bind(mlir::Value v, llvm::StringRef name, llvm::StringRef type);
  void bindExpr(mlir::Value v, const Expr &e);
  /// The expression of a value; one that waited is used up.
  Expr get(mlir::Value v);
  Expr as(mlir::Value v, llvm::StringRef type);    // in this C type
  Expr typed(mlir::Value v, llvm::StringRef type); // as well, and a literal says its type: for templates
  std::string text(mlir::Value v, int precedence = 0);
  bool unsignedMemory(mlir::Value memref);
  std::string elementType(mlir::Value memref); // C type of an element in memory
  virtual std::string valueType(mlir::Value v);      // C type of a variable that holds it

  // ---- names (ValueNames.cpp)
  std::string nameHint(mlir::Value v);
  virtual std::string fallbackName(mlir::Operation *op);
  std::string loopName(mlir::scf::ForOp loop); // empty where the plan gives none
  std::string indexName(mlir::Operation *op);
  std::string placeName(mlir::Operation *op);

  // ---- statements
  struct Body {
    std::string text;
    int statements = 0;
    bool simple = true; // no control flow, no declaration
  };
  enum class Kind { Simple, Declaration, Control };
  void statement(llvm::StringRef text, Kind kind = Kind::Simple);
  void raw(llvm::StringRef lines, Kind kind = Kind::Control);
  void declare(mlir::Value v, const Expr &e);
  void assign(llvm::StringRef target, const Expr &value);
  /// `header` and a body, with braces where they are needed; `footer` is appended to the closing brace.
  void compound(llvm::StringRef header, const Body &body, bool braces = false);
  Body capture(llvm::function_ref<void()> print); // one step further in
  Body captureAt(unsigned column, llvm::function_ref<void()> print);
  void block(mlir::Block &b);   // all operations but the terminator
  void operation(mlir::Operation *op);
  void flush(bool readsOnly, mlir::Operation *except = nullptr);

  // ---- control flow (ControlFlow.cpp)
  void remark(mlir::Operation *op);
  void forLoop(mlir::scf::ForOp op);
  void ifElse(mlir::scf::IfOp op);
  void whileLoop(mlir::scf::WhileOp op);
  void assignAll(llvm::ArrayRef<std::string> names, mlir::OperandRange values);
  std::string variable(mlir::Value v, mlir::Value init, llvm::StringRef hint, llvm::SmallVectorImpl<std::string> &declarations);

  // ---- what a subclass adds
  virtual bool printStatement(mlir::Operation *op) { return false; }          // prints op, or says no
  virtual std::optional<Expr> printExpression(mlir::Operation *op) { return std::nullopt; }

  // ---- expressions (Expressions.cpp; of memory and vectors: MemoryExpressions.cpp)
  std::optional<Expr> expression(mlir::Operation *op);
  std::optional<Expr> arithmetic(mlir::Operation *op);
  std::optional<Expr> conversion(mlir::Operation *op);
  std::optional<Expr> mathFunction(mlir::Operation *op);
  std::optional<Expr> memory(mlir::Operation *op);
  std::optional<Expr> vectorOp(mlir::Operation *op);
  std::optional<Expr> selection(mlir::scf::IfOp op);
  bool isSelection(mlir::scf::IfOp op);
  Expr constant(mlir::TypedAttr value);
  Expr binary(llvm::StringRef op, int precedence, Expr a, Expr b, llvm::StringRef type);
  Expr call(llvm::StringRef function, llvm::ArrayRef<Expr> args, llvm::StringRef type);
  Expr cast(Expr e, llvm::StringRef type);
  Expr compare(mlir::arith::CmpFOp op);
  Expr compare(mlir::arith::CmpIOp op);
  std::string place(mlir::Value memref, mlir::ValueRange indices, bool &packed); // "x[i]"
  std::string address(mlir::Value memref, mlir::ValueRange indices);             // "x + i"
  bool store(mlir::Operation *op);

  mlir::LogicalResult failed(mlir::Operation *op, llvm::StringRef why = "");

  const Machine &machine;
  mlir::Operation *function;
  Names names;
  Body body;
  unsigned indent = 2;
  bool gap = false; // a blank line goes before the next statement
  bool ok = true;

private:
  struct Binding {
    Expr expr;
    bool waits = false;    // inlined into its only user
    bool variable = false; // a C variable that loops assign
  };
  llvm::DenseMap<mlir::Value, Binding> bindings;
  std::vector<mlir::Value> waiting; // in program order
  llvm::DenseMap<mlir::Value, unsigned> uses;
  llvm::DenseMap<mlir::Value, mlir::Operation *> onlyUser;
  llvm::DenseSet<mlir::Operation *> live;
  bool canWait(mlir::Operation *op, llvm::StringRef text);
  void shorten(mlir::Operation *op);
  void materialise(mlir::Value v);
};

std::string parenthesise(const Expr &e, int precedence);
bool isIdentifier(llvm::StringRef text);
/// A loop that runs exactly once: from x to x + step.
bool runsOnce(mlir::scf::ForOp loop);
/// What a masked load or store needs instead of its mask when that is the first n lanes and `fill` the others.
struct FirstLanes {
  mlir::Value count, fill;
  mlir::TypedAttr constantFill;
  bool zero = false;
};
std::optional<FirstLanes> firstLanes(mlir::Operation *maskedLoadOrStore);
/// The C spelling of an isa operation, empty for others.
llvm::StringRef isaSpelling(mlir::Operation *op);

} // namespace ingot::printer
#endif
