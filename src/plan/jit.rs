//! Native code for the shapes of a set's conditions.
//!
//! Each [`Shapes`] entry becomes one function over the cells of a message (see [`super::cells`]): it reads its operands in
//! the order in which they are written, the cheapest question first, leaves `and` and `or` as soon as they are decided,
//! and stops at the first operand that has not been asked yet, whose number it gives. The caller gets the answer and calls
//! again, so exactly those questions are asked that decide something. Code is written to memory that is then made
//! executable and read-only; it is freed with the last user of the [`NativeCode`]. Cost: some nanoseconds a call; about a
//! tenth of a millisecond to compile a shape. Failure: a host that allows no executable memory, or is no target of the
//! code generator, gives [`Unavailable`].

#![expect(unsafe_code, reason = "calls code that was made here, and frees it")]

use super::cells::{Known, PER_WORD};
use super::shape::{ShapeId, Shapes, Step};
use cranelift_codegen::Context;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{AbiParam, Block, InstBuilder, MemFlagsData, Value, types};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Module, default_libcall_names};
use std::fmt;
use std::sync::Mutex;

/// Reads cells at the first pointer, and numbers of cells at the second; gives an [`Answer`], packed.
type Code = unsafe extern "C" fn(*const u64, *const u32) -> u32;

/// Why there is no native code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable {
    /// In words.
    pub reason: String,
}

/// What a condition gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It does not hold.
    False,
    /// It holds.
    True,
    /// It cannot be told.
    Unknown,
    /// The operand at this position must be asked first.
    Ask(u32),
}

/// The cells that a condition reads, checked against the number of cells there are.
#[derive(Debug, Clone, Default)]
pub struct Operands {
    cells: Box<[u32]>,
    words: usize,
}

impl Operands {
    /// Operands, in the order of the shape.
    pub fn new(cells: impl Into<Box<[u32]>>) -> Operands {
        let cells = cells.into();
        let words = cells.iter().max().map_or(0, |&last| (last / PER_WORD) as usize + 1);
        Operands { cells, words }
    }

    /// The cells.
    pub fn cells(&self) -> &[u32] {
        &self.cells
    }
}

struct Function {
    code: Code,
    operands: usize,
}

/// The code of all shapes of a set.
pub struct NativeCode {
    functions: Vec<Function>,
    bytes: usize,
    /// Taken when it is dropped.
    module: Mutex<Option<JITModule>>,
}

impl fmt::Debug for NativeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeCode")
            .field("functions", &self.functions.len())
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl Drop for NativeCode {
    fn drop(&mut self) {
        let module = self.module.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(module) = module {
            // SAFETY: functions run only behind a reference to this value, and there is none any more; the pointers to
            // them are private to it and go with it.
            unsafe { module.free_memory() };
        }
    }
}

impl NativeCode {
    /// Compiles all shapes.
    pub fn compile(shapes: &Shapes) -> Result<NativeCode, Unavailable> {
        let mut compiler = Compiler::new()?;
        let declared = compiler.all(shapes);
        let Compiler { module, bytes, .. } = compiler;
        // From here on the module is freed with this value, whatever fails.
        let mut native = NativeCode { functions: Vec::new(), bytes, module: Mutex::new(Some(module)) };
        let declared = declared?;
        let Ok(Some(module)) = native.module.get_mut().map(Option::as_mut) else { return Ok(native) };
        module.finalize_definitions().map_err(unavailable)?;
        native.functions = declared
            .into_iter()
            .map(|(id, operands)| {
                let pointer = module.get_finalized_function(id);
                // SAFETY: the pointer is the start of a function that was defined with the signature of `Code` for the
                // host's own calling convention, and its memory lives as long as the module.
                let code = unsafe { std::mem::transmute::<*const u8, Code>(pointer) };
                Function { code, operands }
            })
            .collect();
        Ok(native)
    }

    /// Runs a condition over the cells of a message. A shape that is not of this code, or operands that do not fit, are
    /// unknown.
    pub fn run(&self, shape: ShapeId, cells: &[u64], operands: &Operands) -> Answer {
        let Some(function) = self.functions.get(shape.0 as usize) else { return Answer::Unknown };
        if function.operands != operands.cells.len() || operands.words > cells.len() {
            return Answer::Unknown;
        }
        // SAFETY: the code reads exactly `function.operands` numbers at the second pointer, and words of the first at
        // `number / PER_WORD` for those; both were checked just now. It writes nothing and calls nothing.
        let packed = unsafe { (function.code)(cells.as_ptr(), operands.cells.as_ptr()) };
        match Known::of(u64::from(packed)) {
            Known::False => Answer::False,
            Known::True => Answer::True,
            Known::Unknown => Answer::Unknown,
            Known::Unasked => Answer::Ask(packed >> 2),
        }
    }

    /// Bytes of machine code.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many functions there are.
    pub fn functions(&self) -> usize {
        self.functions.len()
    }
}

fn operands_of(shape: &[Step]) -> usize {
    shape.iter().filter(|step| matches!(step, Step::Operand)).count()
}

fn unavailable(error: impl fmt::Display) -> Unavailable {
    Unavailable { reason: format!("this host runs no code that is made at run time ({error})") }
}

struct Compiler {
    module: JITModule,
    context: Context,
    builder: FunctionBuilderContext,
    bytes: usize,
}

impl Compiler {
    fn new() -> Result<Compiler, Unavailable> {
        let mut flags = settings::builder();
        for (name, value) in
            [("opt_level", "speed"), ("is_pic", "false"), ("use_colocated_libcalls", "false")]
        {
            flags.set(name, value).map_err(unavailable)?;
        }
        let isa = cranelift_native::builder()
            .map_err(unavailable)?
            .finish(settings::Flags::new(flags))
            .map_err(unavailable)?;
        let module = JITModule::new(JITBuilder::with_isa(isa, default_libcall_names()));
        let context = module.make_context();
        Ok(Compiler { module, context, builder: FunctionBuilderContext::new(), bytes: 0 })
    }

    /// A function for each shape, with the number of its operands.
    fn all(&mut self, shapes: &Shapes) -> Result<Vec<(FuncId, usize)>, Unavailable> {
        shapes.all().iter().map(|shape| Ok((self.function(shape)?, operands_of(shape)))).collect()
    }

    fn function(&mut self, shape: &[Step]) -> Result<FuncId, Unavailable> {
        let mut signature = self.module.make_signature();
        let pointer = self.module.target_config().pointer_type();
        signature.params = vec![AbiParam::new(pointer), AbiParam::new(pointer)];
        signature.returns = vec![AbiParam::new(types::I32)];
        self.context.func.signature = signature.clone();
        let mut builder = FunctionBuilder::new(&mut self.context.func, &mut self.builder);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        if let &[cells, operands] = builder.block_params(entry) {
            let mut body =
                Body { builder: &mut builder, cells, operands, next_operand: 0, steps: shape.iter() };
            let result = body.state();
            builder.ins().return_(&[result]);
        }
        builder.seal_all_blocks();
        builder.finalize(self.module.target_config());
        let id = self.module.declare_anonymous_function(&signature).map_err(unavailable)?;
        self.module.define_function(id, &mut self.context).map_err(unavailable)?;
        self.bytes += self.context.compiled_code().map_or(0, |code| code.code_buffer().len());
        self.module.clear_context(&mut self.context);
        Ok(id)
    }
}

/// Writes the body of one function.
struct Body<'b, 's, 'f> {
    builder: &'b mut FunctionBuilder<'f>,
    cells: Value,
    operands: Value,
    next_operand: u32,
    steps: std::slice::Iter<'s, Step>,
}

impl Body<'_, '_, '_> {
    /// Computes the two bits of what comes next. As deep as conditions are nested, which the plan bounds.
    fn state(&mut self) -> Value {
        match self.steps.next() {
            Some(Step::Operand) => self.operand(),
            Some(Step::Not) => {
                let state = self.state();
                let low = self.builder.ins().ushr_imm_u(state, 1);
                let high = self.builder.ins().ishl_imm_u(state, 1);
                let both = self.builder.ins().bor(low, high);
                self.builder.ins().band_imm_u(both, 3)
            }
            Some(&Step::All(count)) => self.junction(count, Known::True, Known::False),
            Some(&Step::Any(count)) => self.junction(count, Known::False, Known::True),
            None => self.constant(Known::Unknown as u32),
        }
    }

    /// Joins what follows, from `neutral` on; leaves at the first that is `decisive`.
    fn junction(&mut self, count: u32, neutral: Known, decisive: Known) -> Value {
        let end = self.builder.create_block();
        self.builder.append_block_param(end, types::I32);
        let mut sum = self.constant(neutral as u32);
        for _ in 0..count {
            let state = self.state();
            let decided = self.builder.ins().icmp_imm_u(IntCC::Equal, state, i64::from(decisive as u8));
            let next = self.builder.create_block();
            self.builder.ins().brif(decided, end, &[state.into()], next, &[]);
            self.builder.switch_to_block(next);
            sum = self.join(sum, state, decisive);
        }
        self.builder.ins().jump(end, &[sum.into()]);
        self.builder.switch_to_block(end);
        self.builder.block_params(end).first().copied().unwrap_or(sum)
    }

    /// Kleene's `and` (where false decides) or `or` (where true does): the decisive bit of either, the other of both.
    fn join(&mut self, left: Value, right: Value, decisive: Known) -> Value {
        let either = self.builder.ins().bor(left, right);
        let both = self.builder.ins().band(left, right);
        let either = self.builder.ins().band_imm_u(either, i64::from(decisive as u8));
        let both = self.builder.ins().band_imm_u(both, i64::from(decisive as u8 ^ 3));
        self.builder.ins().bor(either, both)
    }

    /// Reads an operand's cell; leaves the function where it has not been asked.
    fn operand(&mut self) -> Value {
        let position = self.next_operand;
        self.next_operand += 1;
        let flags = MemFlagsData::trusted();
        let offset = i32::try_from(position * 4).unwrap_or(i32::MAX);
        let cell = self.builder.ins().uload32(flags, self.operands, offset);
        let word = self.builder.ins().ushr_imm_u(cell, i64::from(PER_WORD.trailing_zeros()));
        let at = self.builder.ins().ishl_imm_u(word, 3);
        let address = self.builder.ins().iadd(self.cells, at);
        let bits = self.builder.ins().load(types::I64, flags, address, 0);
        // The shift counts modulo the width of a word, which is what the number's low bits ask for.
        let shift = self.builder.ins().ishl_imm_u(cell, 1);
        let bits = self.builder.ins().ushr(bits, shift);
        let bits = self.builder.ins().ireduce(types::I32, bits);
        let state = self.builder.ins().band_imm_u(bits, 3);
        let (ask, go_on) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(ask);
        self.builder.ins().brif(state, go_on, &[], ask, &[]);
        self.ask(ask, position);
        self.builder.switch_to_block(go_on);
        state
    }

    fn ask(&mut self, block: Block, position: u32) {
        self.builder.switch_to_block(block);
        let packed = self.constant(position << 2);
        self.builder.ins().return_(&[packed]);
    }

    fn constant(&mut self, value: u32) -> Value {
        self.builder.ins().iconst(types::I32, i64::from(value))
    }
}
