//===- JitKernels.cpp ---------------------------------------------------------------===//
#include "lowering/JitKernels.h"
#include "dialects/RegisterDialects.h"
#include "dialects/support/BufferAlignment.h"
#include "lowering/JitNarrowTypes.h"
#include "lowering/expand/Expand.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Support/TargetSelect.h"

using namespace mlir;
namespace ingot {
namespace {

//===----------------------------------------------------------------------===//
// plan and isa to what LLVM's conversions know
//===----------------------------------------------------------------------===//

/// plan.kernel → func.func.
void toFunction(plan::KernelOp kernel) {
  kernel.walk([](plan::VariantsOp variants) { variants.expand(); });
  OpBuilder b(kernel);
  auto f = func::FuncOp::create(b, kernel.getLoc(), kernel.getSymName(), kernel.getFunctionType());
  f.getBody().takeBody(kernel.getBody());
  // Locals of a tile: one place on the stack for all tiles.
  f.walk([&](memref::AllocaOp local) { local->moveBefore(&f.getBody().front(), f.getBody().front().begin()); });
  for (Block &block : f.getBody()) {
    b.setInsertionPoint(block.getTerminator());
    func::ReturnOp::create(b, block.getTerminator()->getLoc());
    block.getTerminator()->erase();
  }
  kernel.erase();
}

Value constantLike(OpBuilder &b, Location loc, double v, Type type) {
  auto f = b.getFloatAttr(getElementTypeOrSelf(type), v);
  auto vector = dyn_cast<VectorType>(type);
  return arith::ConstantOp::create(b, loc, vector ? TypedAttr(DenseElementsAttr::get(vector, f)) : TypedAttr(f));
}

/// isa operations in their portable meaning.
LogicalResult expandIsa(ModuleOp module) {
  SmallVector<Operation *> work;
  module.walk([&](Operation *op) {
    if (op->getName().getDialectNamespace() == "isa")
      work.push_back(op);
  });
  for (Operation *op : work) {
    OpBuilder b(op);
    Location loc = op->getLoc();
    if (auto sigmoid = dyn_cast<isa_ir::SigmoidOp>(op)) {
      Value one = constantLike(b, loc, 1, sigmoid.getType());
      Value e = math::ExpOp::create(b, loc, arith::NegFOp::create(b, loc, sigmoid.getX()));
      sigmoid.replaceAllUsesWith(arith::DivFOp::create(b, loc, one, arith::AddFOp::create(b, loc, one, e)).getResult());
    } else if (!op->use_empty() || !isa<isa_ir::PrefetchOp>(op)) {
      return op->emitOpError("has no meaning in the JIT");
    }
    op->erase();
  }
  return success();
}

struct PtrTo : ConvertOpToLLVMPattern<plan::PtrToOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(plan::PtrToOp op, OpAdaptor in, ConversionPatternRewriter &r) const override {
    auto type = cast<MemRefType>(op.getBuffer().getType());
    r.replaceOp(op, getStridedElementPtr(r, op.getLoc(), type, in.getBuffer(), in.getOffset()));
    return success();
  }
};
struct PtrLoad : ConvertOpToLLVMPattern<plan::PtrLoadOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(plan::PtrLoadOp op, OpAdaptor in, ConversionPatternRewriter &r) const override {
    Type element = getTypeConverter()->convertType(op.getPointer().getType().getElement());
    Type result = getTypeConverter()->convertType(op.getType());
    Value at = LLVM::GEPOp::create(r, op.getLoc(), getPtrType(), element, in.getPointer(), in.getOffset());
    r.replaceOpWithNewOp<LLVM::LoadOp>(op, result, at, /*alignment=*/element.getIntOrFloatBitWidth() / 8);
    return success();
  }
};
struct Zeros : ConvertOpToLLVMPattern<plan::ZerosOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(plan::ZerosOp op, OpAdaptor, ConversionPatternRewriter &r) const override {
    alignas(bufferAlignment) static const char zeros[1 << 20] = {};
    if (op.getCount() > int64_t(sizeof zeros / 8))
      return op.emitOpError("is too long for the JIT");
    Value address = LLVM::ConstantOp::create(r, op.getLoc(), r.getI64Type(), r.getI64IntegerAttr(reinterpret_cast<intptr_t>(zeros)));
    r.replaceOpWithNewOp<LLVM::IntToPtrOp>(op, getPtrType(), address);
    return success();
  }
};

LogicalResult lowerToLLVM(ModuleOp module) {
  MLIRContext *c = module.getContext();
  PassManager before(c);
  before.addNestedPass<func::FuncOp>(createForallToForLoopPass());
  before.addPass(createSCFToControlFlowPass());
  before.addPass(createConvertVectorToLLVMPass());
  if (failed(before.run(module)))
    return failure();

  LowerToLLVMOptions options(c);
  options.overrideIndexBitwidth(64);
  LLVMTypeConverter types(c, options);
  types.addConversion([](plan::PtrType t) { return LLVM::LLVMPointerType::get(t.getContext()); });
  RewritePatternSet patterns(c);
  arith::populateArithToLLVMConversionPatterns(types, patterns);
  arith::populateCeilFloorDivExpandOpsPatterns(patterns);
  populateMathToLLVMConversionPatterns(types, patterns);
  populateMathToLibmConversionPatterns(patterns, /*benefit=*/0);
  populateFinalizeMemRefToLLVMConversionPatterns(types, patterns);
  cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
  populateFuncToLLVMConversionPatterns(types, patterns);
  patterns.add<PtrTo, PtrLoad, Zeros>(types);
  LLVMConversionTarget target(*c);
  target.addLegalOp<ModuleOp, UnrealizedConversionCastOp>();
  if (failed(applyPartialConversion(module, target, std::move(patterns))))
    return failure();

  PassManager after(c);
  after.addPass(createReconcileUnrealizedCastsPass());
  return after.run(module);
}

//===----------------------------------------------------------------------===//
// The machine
//===----------------------------------------------------------------------===//

/// Baseline CPU, no contraction: the same instructions on every host of the architecture.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> baselineMachine() {
  static const bool initialized = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)initialized;
  auto host = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!host)
    return host.takeError();
  llvm::orc::JITTargetMachineBuilder builder(host->getTargetTriple());
  builder.setCPU(builder.getTargetTriple().isX86() ? "x86-64-v2" : "generic");
  builder.setCodeGenOptLevel(llvm::CodeGenOptLevel::Default);
  builder.getOptions().AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return builder.createTargetMachine();
}

/// Expansions for it are scalar; LLVM vectorises what does not change results.
const Machine &scalarMachine() {
  static const Machine machine = [] {
    Machine m;
    m.name = m.id = "jit";
    m.kind = MachineKind::Cpu;
    m.vectorBytes = 0;
    m.vectorRegisters = 16;
    m.l1Bytes = 32 << 10;
    m.l2Bytes = 1 << 20;
    return m;
  }();
  return machine;
}

/// A context of the JIT's own, so that passes in other contexts may use it.
MLIRContext &jitContext() {
  static MLIRContext *context = [] {
    DialectRegistry registry;
    registerDialects(registry);
    registry.insert<LLVM::LLVMDialect, cf::ControlFlowDialect>();
    registerBuiltinDialectTranslation(registry);
    registerLLVMDialectTranslation(registry);
    auto *c = new MLIRContext(registry, MLIRContext::Threading::DISABLED);
    c->loadAllAvailableDialects();
    return c;
  }();
  return *context;
}

} // namespace

FailureOr<std::unique_ptr<JitKernels>> JitKernels::compile(ArrayRef<plan::KernelOp> kernels) {
  std::unique_ptr<JitKernels> jit(new JitKernels);
  if (kernels.empty())
    return jit;
  Location loc = plan::KernelOp(kernels.front())->getLoc();
  std::string bytecode;
  {
    OpBuilder b(loc.getContext());
    OwningOpRef<ModuleOp> copy = ModuleOp::create(loc);
    b.setInsertionPointToStart(copy->getBody());
    for (plan::KernelOp kernel : kernels)
      b.clone(*kernel.getOperation());
    llvm::raw_string_ostream os(bytecode);
    if (failed(writeBytecodeToFile(*copy, os)))
      return failure();
  }

  MLIRContext &context = jitContext();
  std::string messages;
  ScopedDiagnosticHandler collect(&context, [&](Diagnostic &d) {
    messages += "\n" + d.str();
    return success();
  });
  auto failJit = [&](const Twine &what) { return emitError(loc) << "the JIT cannot " << what << messages; };
  auto module = parseSourceString<ModuleOp>(bytecode, ParserConfig(&context));
  if (!module)
    return failJit("read the kernels back");
  for (auto kernel : llvm::make_early_inc_range(module->getOps<plan::KernelOp>())) {
    if (!kernel->hasAttr("target") && failed(expandKernel(kernel, scalarMachine())))
      return failJit("expand the kernels");
    toFunction(kernel);
  }
  if (failed(expandIsa(*module)) || failed(lowerNarrowTypes(*module)) || failed(lowerToLLVM(*module)))
    return failJit("lower the kernels");

  auto machine = baselineMachine();
  if (!machine)
    return failJit("find a target: " + llvm::toString(machine.takeError()));
  ExecutionEngineOptions options;
  auto optimize = makeOptimizingTransformer(2, 0, machine->get());
  options.transformer = optimize;
  options.jitCodeGenOptLevel = llvm::CodeGenOptLevel::Default;
  options.enableGDBNotificationListener = false;
  options.enablePerfNotificationListener = false;
  auto engine = ExecutionEngine::create(*module, options, std::move(*machine));
  if (!engine)
    return failJit("generate code: " + llvm::toString(engine.takeError()));
  jit->engine = std::move(*engine);
  jit->engine->registerSymbols([](llvm::orc::MangleAndInterner mangle) {
    llvm::orc::SymbolMap symbols;
    jitHostFunctions([&](StringRef name, void *address) {
      symbols[mangle(name)] = {llvm::orc::ExecutorAddr::fromPtr(address), llvm::JITSymbolFlags::Exported};
    });
    return symbols;
  });
  for (plan::KernelOp kernel : kernels) {
    auto f = jit->engine->lookupPacked(kernel.getSymName());
    if (!f)
      return failJit("link: " + llvm::toString(f.takeError()));
    jit->functions[kernel.getSymName()] = *f;
  }
  return jit;
}

JitKernels::~JitKernels() = default;

void JitKernels::run(StringRef kernel, ArrayRef<int64_t> symbols, ArrayRef<void *> buffers) const {
  // The packed convention: the address of every argument; a flat memref is base, aligned base, offset, size, stride.
  int64_t zero = 0, one = 1, size = INT64_MAX;
  SmallVector<void *> args;
  for (const int64_t &s : symbols)
    args.push_back(const_cast<int64_t *>(&s));
  for (void *const &buffer : buffers) {
    void *address = const_cast<void **>(&buffer);
    args.append({address, address, &zero, &size, &one});
  }
  functions.lookup(kernel)(args.data());
}

} // namespace ingot
