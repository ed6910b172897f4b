-- Types into a base in a real Neovim, as a user would, and writes what came of it as JSON into $REPORT.
local seen = {}

local function wait(ready)
  local thread, left = coroutine.running(), 600
  local function look()
    left = left - 1
    if ready() or left == 0 then
      coroutine.resume(thread)
    else
      vim.defer_fn(look, 50)
    end
  end
  vim.defer_fn(look, 50)
  coroutine.yield()
end

local function keys(typed)
  vim.api.nvim_input(typed)
end

local function codes()
  return vim.tbl_map(function(item) return item.code end, vim.diagnostic.get(0))
end

local function lenses()
  return vim.tbl_map(function(item) return item.command and item.command.title end, vim.lsp.codelens.get(0))
end

local function session()
  wait(function() return #vim.lsp.get_clients({ bufnr = 0 }) > 0 end)

  keys("gg/?state != ?power<CR>o- memb<C-x><C-o>")
  wait(function() return vim.fn.pumvisible() == 1 end)
  keys("<C-y>")
  wait(function() return vim.fn.getline("."):find("%(") end)
  seen.completed = vim.trim(vim.fn.getline("."))
  keys("<Esc>dd")
  wait(function() return #codes() == 0 end)

  keys("gg/member(<CR>cwmembr<Esc>")
  wait(function() return #codes() > 0 end)
  seen.wrong = codes()
  keys(":lua vim.lsp.buf.code_action({ apply = true })<CR>")
  wait(function() return #codes() == 0 end)
  seen.fixed = vim.trim(vim.fn.getline("."))

  keys("gg/?bloc<CR>:lua vim.lsp.buf.rename('union')<CR>")
  wait(function() return vim.fn.search("{union}", "n") > 0 end)
  seen.renamed = vim.api.nvim_buf_get_lines(0, 4, 11, false)

  keys("gg/leads(<CR>:lua vim.lsp.buf.definition()<CR>")
  wait(function() return vim.fn.expand("%:t") == "vocabulary.yaml" end)
  seen.definition = { vim.fn.expand("%:t"), vim.trim(vim.fn.getline(".")) }

  keys(":lua vim.lsp.buf.hover()<CR>")
  wait(function() return #vim.api.nvim_list_wins() > 1 end)
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then
      seen.hover = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, 1, false)[1]
    end
  end

  keys(":buffer alignment.yaml<CR>")
  wait(function()
    vim.lsp.codelens.refresh({ bufnr = 0 })
    return #lenses() > 0 and lenses()[1]:find("case")
  end)
  seen.lens = lenses()[1]
end

coroutine.wrap(function()
  local fine, message = pcall(session)
  seen.error = not fine and tostring(message) or nil
  vim.fn.writefile({ vim.json.encode(seen) }, vim.env.REPORT)
  vim.cmd("qall!")
end)()
